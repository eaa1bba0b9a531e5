"""Validators for what AWS accepts, so that nobody has to ask AWS first."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.utils.translation import gettext_lazy as _

#: AWS: 1 to 128 letters, digits, hyphens and underscores.
stage_name_validator = RegexValidator(
    r"^[A-Za-z0-9_-]{1,128}\Z", _("Use 1 to 128 letters, digits, hyphens or underscores.")
)
#: `$` is reserved by AWS for $connect, $default and $disconnect, which come with the gateway.
route_key_validator = RegexValidator(
    r"^[^$\s][^\s]*\Z",
    _("A route key has no spaces and does not begin with “$”: those routes come with the gateway."),
)
default_route_key_validator = RegexValidator(
    r"^(\$default|[^$\s]\S*)\Z", _("Use “$default”, or a key without spaces that does not begin with “$”.")
)

#: Variables among literal text, at least one from the message; braces are optional, and "\\$" is a dollar.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html
route_selection_validator = RegexValidator(
    r"""(?x)^(?=.*(?<!\\)\$\{?request\.body[.\[])
        (?> \\\$
          | [^$\\\s]
          | \$\{ (?: request\.body[.\[][^{}\s]+ | context\.[\w.]+ | stageVariables\.\w+ ) \}
          | \$ (?: request\.body (?: \.[\w-]+ | \[[^\]{}\s]+\] )+ | context(?:\.\w+)+ | stageVariables\.\w+ )
        )+\Z""",
    _(
        "Name a member of the message: $request.body.action, or several as in "
        "${request.body.a}/${request.body.b}."
    ),
)
#: The only two, by the same document.
API_KEY_SOURCES = ("$request.header.x-api-key", "$context.authorizer.usageIdentifierKey")
#: With or without the path prefix that Route 53's API uses.
hosted_zone_validator = RegexValidator(
    r"^(/hostedzone/)?Z[A-Z0-9]{1,31}\Z",
    _("Enter the ID that Route 53 shows for the zone, such as Z0123456789ABCDEFGHIJ."),
)

#: AWS lets an integration take 50 milliseconds to 29 seconds.
timeout_validators = [MinValueValidator(50), MaxValueValidator(29_000)]
#: The name of one host, as AWS takes it: in lower case.
domain_validator = RegexValidator(
    r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z",
    _("Enter a domain in lower case, such as ws.example.com."),
)
certificate_validator = RegexValidator(
    r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/\S+\Z",
    _("Enter the ARN of a certificate: arn:aws:acm:…:certificate/…"),
)
#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
role_validator = RegexValidator(
    r"^arn:aws[a-z-]*:iam::\d{12}:role/[\x21-\x7e]+\Z",
    _("Enter the ARN of a role, such as arn:aws:iam::123456789012:role/gateways."),
)
#: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
external_id_validator = RegexValidator(
    r"^[A-Za-z0-9_+=,.@:/-]{2,1224}\Z",
    _("Use 2 to 1224 letters, digits and characters of “_+=,.@:/-”."),
)
region_validator = RegexValidator(
    r"^[a-z]{2,8}(-[a-z]+)+-\d{1,2}\Z", _("Enter a region by its code, such as eu-central-1.")
)
#: A CloudWatch log group or a Firehose stream.
log_destination_validator = RegexValidator(
    r"^arn:aws[a-z-]*:(logs|firehose):[a-z0-9-]+:\d{12}:\S+\Z",
    _("Enter the ARN of a CloudWatch log group or of a Firehose stream: arn:aws:logs:…:log-group:…"),
)


#: AWS allows 50 tags, of which three are ours.
MOST_TAGS = 47


def is_channel_name(name: object) -> bool:
    """Whether ``name`` is 1 to 128 letters, digits and characters of ``_.:/-``."""
    return isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_.:/-]{1,128}", name) is not None


def validate_channel_name(name: str) -> None:
    if not is_channel_name(name):
        raise ValidationError(_("Use 1 to 128 letters without accents, digits and characters of “_.:/-”."))


def validate_channel_pattern(pattern: str) -> None:
    """Raise ValidationError for what is neither a channel name nor a pattern with asterisks."""
    if not re.fullmatch(r"[A-Za-z0-9_.:/*-]{1,128}", pattern) or "**" in pattern:
        raise ValidationError(
            _("Use 1 to 128 letters without accents, digits and characters of “_.:/-”, and single asterisks.")
        )


def validate_http_url(url: str) -> None:
    """Raise ValidationError for what is not an http or https URL. The host needs no dot."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid or re.search(r"\s", url):
        raise ValidationError(_("Enter a URL that begins with http:// or https://."))


def validate_tags(tags: object) -> None:
    """Raise ValidationError for what AWS refuses as tags, and for names reserved by AWS or by us.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html
    """
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise ValidationError(_('Write tags as {"name": "value"}.'))
    if len(tags) > MOST_TAGS:
        raise ValidationError(_("There can be %(most)d tags at most."), params={"most": MOST_TAGS})
    for name, value in tags.items():
        if name.lower().startswith(("aws:", "apigw-ws:")):
            raise ValidationError(_("The tag “%(name)s” is reserved."), params={"name": name})
        if not re.fullmatch(r"[\w\s+=.:/@-]{1,128}", name) or not re.fullmatch(
            r"[\w\s+=.:/@-]{0,256}", value
        ):
            raise ValidationError(
                _("The tag “%(name)s” has a character that AWS does not allow, or is too long."),
                params={"name": name},
            )


def validate_stage_variables(variables: object) -> None:
    """Raise ValidationError for what AWS refuses as stage variables.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
    """
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise ValidationError(_('Write stage variables as {"name": "value"}.'))
    if len(variables) > 100:
        raise ValidationError(_("A stage has 100 variables at most."))
    for name, value in variables.items():
        if not re.fullmatch(r"[A-Za-z0-9_]{1,64}", name) or not re.fullmatch(
            r"[A-Za-z0-9._~:/?#&=,-]{1,512}", value
        ):
            raise ValidationError(
                _("The stage variable “%(name)s” is empty, too long, or has a character AWS does not allow."),
                params={"name": name},
            )


def validate_access_log_format(text: str) -> None:
    """Raise ValidationError if AWS demands a request ID, or one line."""
    if "$context.requestId" not in text and "$context.extendedRequestId" not in text:
        raise ValidationError(_("The format must contain $context.requestId."))
    if "\n" in text:
        raise ValidationError(_("The format must be a single line."))
