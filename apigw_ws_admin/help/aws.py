"""Help on calls that AWS understood, but did not carry out."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=(
            "BadRequestException",
            "ValidationException",
            "ValidationError",
            "InvalidParameterException",
            "InvalidParameterValue",
            "InvalidInput",
            "InvalidNextToken",
        ),
        family=Family.AWS,
        title=_("AWS does not take a value"),
        means=_("A value of the call is not one that AWS takes there; what it says names the value."),
        causes=(
            Cause(
                why=_(
                    "A stage wants logs, and the AWS account has no role with which API Gateway may write "
                    "them."
                ),
                tell=_(
                    "AWS says “CloudWatch Logs role ARN must be set”; the doctor's row “Log role” is red."
                ),
            ),
            Cause(
                why=_("A stage or an API is to be deleted while a custom domain still leads to it."),
                tell=_("AWS says “remove all base path mappings”."),
            ),
            Cause(
                why=_("The certificate is of another region, not issued, or does not cover the domain."),
                tell=_("The refused operation is CreateDomainName or UpdateDomainName."),
            ),
            Cause(
                why=_("An API is to be deployed that has no route."),
                tell=_("AWS says “At least one route is required”."),
            ),
            Cause(
                why=_("What was sent to is no connection ID of API Gateway."),
                tell=_("AWS says “Invalid connectionId”, and the call was one of @connections."),
            ),
        ),
        steps=(
            _("Correct on the record what AWS names, then apply the gateway again: what is done stays done."),
            _(
                "For the log role, enter one in AWS's console under API Gateway, Settings; it holds for the "
                "region."
            ),
        ),
        places=("gateways", "doctor"),
        documents=(documents.CONTROL_ERRORS, documents.LOGS, documents.CERTIFICATES),
    ),
    Entry(
        codes=("ParamValidationError",),
        family=Family.OURS,
        title=_("boto3 does not send that"),
        means=_("A value is too long, too short or of the wrong type for AWS's interface; nothing was sent."),
        causes=(
            Cause(why=_("A name, description or URL of the record is longer than AWS allows.")),
            Cause(
                why=_("boto3 is older than what the record asks for."),
                tell=_("The sentence says “Unknown parameter”."),
            ),
        ),
        steps=(_("Shorten or correct what the sentence names, or update boto3."),),
        places=("gateways",),
        documents=(documents.CONTROL_ERRORS,),
    ),
    Entry(
        codes=(
            "NotFoundException",
            "ResourceNotFoundException",
            "NoSuchHostedZone",
            "UnknownOperationException",
            "404",
        ),
        family=Family.AWS,
        title=_("There is no such thing in AWS"),
        means=_(
            "What the call names does not exist in this account and region: it was removed, or is elsewhere."
        ),
        causes=(
            Cause(
                why=_("Somebody removed the API, a route, the stage or the domain in AWS's console."),
                tell=_("CloudTrail has the call; the gateway's page “Drift” shows what is missing."),
            ),
            Cause(
                why=_("The gateway asks another account or region than the one in which it was made."),
                tell=_(
                    "The line above the gateway's plan names account and region; compare them with AWS's "
                    "console."
                ),
            ),
            Cause(
                why=_("The hosted zone was deleted and made anew, with another ID."),
                tell=_("The code is NoSuchHostedZone; Route 53 lists the domain under another ID."),
            ),
            Cause(
                why=_("As a handler's status: no URL of the project takes the path that the route calls."),
                tell=_("The system check apigw_ws.W012 names the URL."),
            ),
        ),
        steps=(
            _("Look at the plan: applying makes anew what is missing."),
            _(
                "Where the region or account is wrong, correct it before you apply: else a second API is "
                "made."
            ),
        ),
        places=("gateways", "accounts", "doctor"),
        documents=(documents.CONTROL_ERRORS,),
    ),
    Entry(
        codes=("ConflictException", "InvalidChangeBatch", "DomainNameAlreadyExists"),
        family=Family.AWS,
        title=_("Something in AWS is in the way"),
        means=_(
            "What should be made exists already, what should go is in use, or somebody else changes it now."
        ),
        causes=(
            Cause(
                why=_(
                    "Two programs change the same API at the same time; AWS takes one change after the other."
                ),
                tell=_("AWS says “concurrent modification”. A retry succeeds."),
            ),
            Cause(
                why=_("The domain name is taken, by another API or another AWS account."),
                tell=_("The refused operation is CreateDomainName."),
            ),
            Cause(
                why=_("A record of that name and another type stands in the hosted zone."),
                tell=_("The code is InvalidChangeBatch."),
            ),
            Cause(
                why=_("Somebody made a route of the same key by hand since the plan was read."),
                tell=_("AWS says “already exists for this API”."),
            ),
            Cause(
                why=_("An integration, authorizer or deployment is still used by a route or stage."),
                tell=_("AWS says “is referenced by”."),
            ),
        ),
        steps=(
            _("Look at the plan again, then retry: the run goes on from what it finds in AWS."),
            _("Where a domain or a record is in the way, remove it in AWS, or choose another name."),
            _("Have one tool alone manage an API: this console, or Terraform or CDK."),
        ),
        places=("gateways", "runs"),
        documents=(documents.CONTROL_ERRORS, documents.DOMAINS, documents.DNS_ERRORS),
    ),
    Entry(
        codes=(
            "InternalFailure",
            "InternalServerErrorException",
            "InternalError",
            "ServiceUnavailableException",
            "ServiceUnavailable",
        ),
        family=Family.AWS,
        title=_("AWS itself failed"),
        means=_("AWS took the call and did not manage it; whether it was carried out is not known."),
        causes=(
            Cause(
                why=_("A moment's failure of one of AWS's servers."),
                tell=_("The same call succeeds a minute later."),
            ),
            Cause(
                why=_("A disturbance of the service in the region."),
                tell=_("Other gateways of the region fail, too, and those of other regions do not."),
            ),
            Cause(
                why=_("The emulator was told to fail, to see what happens then."),
                tell=_(
                    "The gateway's endpoint is the emulator's; its faults are listed at /_emulator/faults."
                ),
            ),
        ),
        steps=(
            _("Retry. A run reads AWS first, so nothing is made twice."),
            _("Look at AWS's health, and give AWS's support the request ID if it goes on."),
        ),
        places=("runs", "doctor"),
        documents=(documents.HEALTH, documents.COMMON_ERRORS),
    ),
    Entry(
        codes=("NotImplementedException",),
        family=Family.AWS,
        title=_("The emulator does not do that"),
        means=_("The emulator knows what AWS has WebSocket APIs for, and this is not part of it."),
        causes=(
            Cause(why=_("Another program uses the emulator in AWS's place for more than this console does.")),
        ),
        steps=(_("Use an AWS account for it. What the emulator does is in docs/emulator.md."),),
        documents=(documents.CONTROL_ERRORS,),
    ),
    Entry(
        codes=("AwsError",),
        family=Family.AWS,
        title=_("AWS refused a call"),
        means=_("AWS answered, and did not do what was asked. It gave no code by which to say more."),
        causes=(
            Cause(
                why=_("Something between Django and AWS answered in AWS's place, with a status and no code.")
            ),
        ),
        steps=(
            _("Read what AWS said, in the sentence; its request ID leads to the call in CloudTrail."),
            _("Ask the doctor."),
        ),
        places=("doctor", "runs"),
        documents=(documents.CONTROL_ERRORS, documents.COMMON_ERRORS),
    ),
)
