"""Help on being refused by AWS: permissions, signatures, credentials."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=("AccessDeniedException", "AccessDenied", "UnauthorizedOperation"),
        family=Family.AWS,
        title=_("AWS does not allow the call"),
        means=_("AWS knows who asks, and no policy of theirs allows this action on this resource."),
        causes=(
            Cause(
                why=_("The policy of Django's user or role lacks the action."),
                tell=_("AWS's sentence names the action after “not authorized to perform”."),
            ),
            Cause(
                why=_(
                    "The role of the AWS account is not to be assumed: its trust policy names somebody "
                    "else, the "
                    "external ID differs, or Django's own identity lacks sts:AssumeRole."
                ),
                tell=_("The refused operation is AssumeRole."),
            ),
            Cause(
                why=_("A service control policy, a permissions boundary or an explicit Deny forbids it."),
                tell=_("AWS's sentence ends with “with an explicit deny”."),
            ),
        ),
        steps=(
            _("Compare the policy of Django's identity with the one on the gateway's page “Security”."),
            _("For AssumeRole, check the account: its page shows the trust policy to paste."),
            _("Wait a few seconds after a change in IAM, then try again: it takes effect with a delay."),
        ),
        places=("doctor", "accounts", "gateways"),
        command="manage.py ws_iam_policy --pk 1",
        documents=(documents.DENIED, documents.PERMISSIONS, documents.ROLES),
    ),
    Entry(
        codes=("ForbiddenException", "Forbidden", "forbidden"),
        family=Family.AWS,
        title=_("@connections does not let these credentials in"),
        means=_(
            "AWS refused a call about a connection or a metric with 403: because of a permission, or "
            "because the "
            "address is of no stage that is deployed."
        ),
        causes=(
            Cause(
                why=_("Django's identity lacks execute-api:ManageConnections on the API and its stage."),
                tell=_("The doctor's row “Permissions” names it among what AWS denies."),
            ),
            Cause(
                why=_(
                    "The stage was deleted or renamed, or never had a deployment: AWS answers 403 then, not "
                    "404."
                ),
                tell=_(
                    "The gateway's page “Drift” shows another stage, or the overview says that nothing is "
                    "deployed."
                ),
            ),
            Cause(
                why=_(
                    "The endpoint lacks the stage, or has it where a custom domain already stands for one."
                ),
                tell=_("It is so for all connections of one gateway, since its endpoint was changed."),
            ),
        ),
        steps=(
            _("Attach the part “Send” of the IAM policy from the gateway's page “Security”."),
            _("Look at the plan of the gateway, and apply it where the stage differs."),
            _("Then retry the broadcast for those alone whom it did not reach."),
        ),
        places=("doctor", "gateways", "broadcasts"),
        command="manage.py ws_iam_policy --pk 1",
        documents=(documents.CONNECTIONS, documents.CONTROL_ACCESS),
    ),
    Entry(
        codes=(
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "IncompleteSignatureException",
            "IncompleteSignature",
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            "RequestExpired",
            "RequestTimeTooSkewed",
            "InvalidAccessKeyId",
        ),
        family=Family.AWS,
        title=_("AWS does not accept the signature"),
        means=_(
            "The request was not signed as AWS reckons that it should be, so AWS did not even look at it."
        ),
        causes=(
            Cause(
                why=_("The server's clock is more than five minutes off."),
                tell=_("AWS's sentence says that the signature is expired or not yet current."),
            ),
            Cause(
                why=_(
                    "The access key and the secret key do not belong together, or one was cut when it was "
                    "pasted."
                ),
                tell=_("It has been so since the credentials were changed, for all gateways that use them."),
            ),
            Cause(
                why=_("It was signed for another region or service than the endpoint's."),
                tell=_("AWS's sentence says “Credential should be scoped to”, and names the region."),
            ),
            Cause(why=_("A proxy in between changes the path or the headers of requests.")),
        ),
        steps=(
            _("See that the servers of Django and its worker keep their time by NTP."),
            _("Check the account: that asks AWS who we are, and nothing else."),
            _("Compare the region of the gateway or its account with the endpoint."),
        ),
        settings=("REGION", "ENDPOINT_URL"),
        places=("accounts", "doctor"),
        documents=(documents.SIGNING,),
    ),
    Entry(
        codes=(
            "ExpiredTokenException",
            "ExpiredToken",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
        ),
        family=Family.AWS,
        title=_("The credentials are over, or nobody's"),
        means=_("AWS does not know the access key, or the session that it belongs to has ended."),
        causes=(
            Cause(
                why=_("Temporary credentials were put into the environment or a profile, and have expired."),
                tell=_("The code begins with “ExpiredToken”, and it worked some hours ago."),
            ),
            Cause(
                why=_("The access key was deleted or deactivated in IAM."),
                tell=_("The code is InvalidClientTokenId or UnrecognizedClientException."),
            ),
            Cause(why=_("The region is one that the AWS account has not enabled.")),
            Cause(why=_("The credentials are of another partition: China and GovCloud have their own.")),
        ),
        steps=(
            _("Renew the credentials; a role of the machine, of the task or of the pod renews itself."),
            _("Restart Django and its worker where they read credentials from the environment."),
            _("Check the account."),
        ),
        places=("accounts", "doctor"),
        documents=(documents.CREDENTIALS,),
    ),
    Entry(
        codes=("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"),
        family=Family.NETWORK,
        title=_("There are no AWS credentials"),
        means=_("Django found nothing to sign requests with, or only half of it, and asked AWS nothing."),
        causes=(
            Cause(
                why=_(
                    "The worker runs elsewhere than the web server, and only one of them was given "
                    "credentials."
                ),
                tell=_("Pages show what is in AWS, while runs and broadcasts fail; or the other way round."),
            ),
            Cause(
                why=_(
                    "The role of the machine is not to be reached: in a container, EC2 answers one hop only."
                ),
                tell=_("It works on the machine, and not in the container."),
            ),
            Cause(why=_("Of access key and secret key one is set, and the other is not.")),
        ),
        steps=(
            _("Give the servers of Django and its worker a role, a profile or environment variables."),
            _(
                "In a container on EC2, raise the hop limit of the instance metadata to 2, or use a task "
                "role."
            ),
            _("Check the account."),
        ),
        places=("accounts", "doctor"),
        documents=(documents.CREDENTIALS,),
    ),
    Entry(
        codes=("SSOTokenLoadError", "UnauthorizedSSOTokenError", "TokenRetrievalError"),
        family=Family.NETWORK,
        title=_("Nobody is signed in to IAM Identity Center"),
        means=_(
            "The profile gets its credentials from a sign-in in a browser, and there is none, or it has "
            "ended."
        ),
        causes=(
            Cause(why=_("Nobody has run “aws sso login” with the profile as the user that Django runs as.")),
            Cause(why=_("The sign-in is over: it lasts for some hours."), tell=_("It worked earlier today.")),
        ),
        steps=(
            _("Run “aws sso login --profile …” on this server, as the user of Django."),
            _("On a server that nobody sits at, use a role instead of such a profile."),
        ),
        places=("accounts",),
        command="aws sso login --profile NAME",
        documents=(documents.CREDENTIALS,),
    ),
)
