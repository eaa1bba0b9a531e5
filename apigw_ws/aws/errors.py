"""Translates botocore's errors into ours, which say what to do next."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apigw_ws.exceptions import (
    ApigwWsError,
    AwsError,
    AwsUnreachable,
    ConfigurationError,
    ConnectionGone,
    Throttled,
)

CONFIGURATION_ERRORS: Final = (
    "NoRegionError",
    "ProfileNotFound",
    "InvalidRegionError",
    "ConfigParseError",
    "InvalidConfigError",
)
CREDENTIAL_ERRORS: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
#: An IAM Identity Center profile without a sign-in, or with one that has expired.
SIGN_IN_ERRORS: Final = ("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError")
NO_CREDENTIALS: Final = ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError")
#: How services other than API Gateway say, with status 400, that they limit the rate.
RATE_ERRORS: Final = frozenset({"Throttling", "ThrottlingException", "PriorRequestNotComplete"})
#: The next step for statuses that have only one remedy.
HINTS: Final = {
    404: gettext_lazy("Somebody may have removed it in AWS: look again."),
    409: gettext_lazy(
        "Something in AWS is in the way, or being changed by somebody else: look, then try again."
    ),
}
#: How reading an answer fails if it is not what AWS documents.
_NOT_AWS: Final = (AttributeError, LookupError, TypeError)

logger = logging.getLogger(__name__)


@contextmanager
def translated(subject: str = "") -> Iterator[None]:
    """Turn botocore's errors into ours, which say what to do; the cause is kept.

    ``subject`` names what the call was about, for errors with an empty answer (410 Gone). What reads AWS's
    answers belongs in the block, too: a proxy may have answered instead of AWS.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        yield
    except ClientError as error:
        raise _refused(error.response, error.operation_name, subject) from error
    except BotoCoreError as error:
        raise _unanswered(error) from error
    except EOFError as error:  # botocore asks for it at the terminal, and there is none
        raise ConfigurationError(
            _("The AWS profile wants an MFA code, which nobody can enter here. Name one that does without.")
        ) from error
    except (ResponseParserError, *_NOT_AWS) as error:
        logger.warning("AWS's answer could not be read.", exc_info=True)
        raise AwsUnreachable(
            _("No answer from AWS: what answered is something else. Check the network and the endpoint URL."),
            code="NotAws",
        ) from error


def _refused(response: Mapping[str, Any], operation: str, subject: str) -> ApigwWsError:
    code = response.get("Error", {}).get("Code", "")
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "GoneException" or status == 410:
        return ConnectionGone(_("The connection %(id)s is closed.") % {"id": subject})
    kind = Throttled if status == 429 or code in RATE_ERRORS else AwsError
    # After a blank line, AWS repeats what was signed if a signature is wrong, session token included.
    said = response.get("Error", {}).get("Message", "").partition("\n\n")[0] or _("no reason was given")
    request_id = response.get("ResponseMetadata", {}).get("RequestId", "")
    sentence = _("AWS refused %(operation)s: %(said)s (%(code)s).") % {
        "operation": operation,
        "said": said.rstrip("."),
        # AWS's support asks for it, and the sentence ends up everywhere: pages, logs, tickets.
        "code": _("%(code)s, request ID %(id)s") % {"code": code, "id": request_id} if request_id else code,
    }
    return kind(
        f"{sentence} {_hint(code, status, operation)}",
        code=code,
        request_id=request_id,
        operation=operation,
        status=status,
    )


def _hint(code: str, status: int, operation: str) -> str:
    if operation == "AssumeRole" and status == 403 and code not in CREDENTIAL_ERRORS:
        return _(
            "Compare the account's role ARN and external ID with the role's trust policy, which has to name "
            "who asks; and who asks needs the permission sts:AssumeRole."
        )
    if code in CREDENTIAL_ERRORS:
        return _("Renew the AWS credentials that Django uses.")
    if status == 403:
        return _("Check the region, the stage and the IAM policy of the credentials that Django uses.")
    if status == 429 or code in RATE_ERRORS:
        return _("AWS limits the rate of calls; try again in a minute.")
    if status >= 500:
        return _("The failure is on AWS's side; try again.")
    return str(HINTS.get(status, _("Correct what it names, then try again.")))


def _unanswered(error: Exception) -> ApigwWsError:
    name = type(error).__name__
    if name in CONFIGURATION_ERRORS:
        return ConfigurationError(
            _(
                "%(said)s. Name the region on the gateway, its account or in APIGW_WS, and a profile of this "
                "server's AWS configuration on the account or in AWS_IAM_PROFILE."
            )
            % {"said": str(error).rstrip(".")}
        )
    if name in SIGN_IN_ERRORS:
        return AwsUnreachable(
            _("%(said)s. Run “aws sso login” with the profile, on the server and as the user of Django.")
            % {"said": str(error).rstrip(".")},
            code=name,
        )
    if name in NO_CREDENTIALS:
        return AwsUnreachable(
            _(
                "%(said)s. Give the servers of Django and its worker AWS credentials: a role of the machine, "
                "a profile or environment variables."
            )
            % {"said": str(error).rstrip(".")},
            code=name,
        )
    if name == "ParamValidationError":
        return AwsError(
            _("AWS takes no such value: %(said)s.") % {"said": " ".join(str(error).split())}, code=name
        )
    return AwsUnreachable(
        _("No answer from AWS: %(said)s. Check the network, the endpoint URL and the credentials.")
        % {"said": str(error).rstrip(".")},
        code=name,
    )
