// Unfold makes the lists of a rule searchable when the page loads, and leaves out the rules that are added later.
document.addEventListener("formset:added", ({ target }) =>
  django.jQuery(target).find(".unfold-admin-autocomplete").djangoCustomSelect2());
