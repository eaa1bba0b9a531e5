// Unfold makes a rule's lists searchable when the page loads, but not those of rules that are added later.
document.addEventListener("formset:added", ({ target }) =>
  django.jQuery(target).find(".unfold-admin-autocomplete").djangoCustomSelect2());
