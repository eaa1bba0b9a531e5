"""Help on unanswered calls, or calls that something other than AWS answered. The names are botocore's."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from apigw_ws_admin.help import documents
from apigw_ws_admin.help.values import Cause, Entry, Family

ENTRIES: Final = (
    Entry(
        codes=(
            "EndpointConnectionError",
            "ConnectionError",
            "ConnectionClosedError",
            "ConnectTimeoutError",
            "AwsUnreachable",
            "HTTPClientError",
            "failed",
        ),
        family=Family.NETWORK,
        title=_("AWS is not to be reached"),
        means=_("This server got no connection to the endpoint, or it broke off before an answer came."),
        causes=(
            Cause(
                why=_(
                    "The server may not reach the internet: a subnet without NAT, a security group, a "
                    "firewall."
                ),
                tell=_(
                    "The doctor cannot tell for any gateway, and it has been so since something was moved."
                ),
            ),
            Cause(
                why=_("The endpoint's name does not resolve, or is written wrongly."),
                tell=_("The sentence has the URL. Try the host's name with “nslookup” on this server."),
            ),
            Cause(
                why=_("The emulator is not running, and the endpoint is its address."),
                tell=_("The URL begins with http://127.0.0.1 or http://localhost."),
            ),
            Cause(
                why=_("The region does not exist, so its endpoint has no name."),
                tell=_("The URL has a region that AWS does not list."),
            ),
        ),
        steps=(
            _("Try from the server itself: curl -I and the URL that the sentence has."),
            _("Compare the region and the endpoint of the gateway and its account."),
            _("Retry what failed: a run reads AWS first, and nothing is made twice."),
        ),
        settings=("ENDPOINT_URL", "REGION"),
        places=("doctor", "accounts", "gateways"),
        documents=(documents.HEALTH,),
    ),
    Entry(
        codes=("TooSlow", "ReadTimeoutError"),
        family=Family.NETWORK,
        title=_("AWS has not answered in time"),
        means=_("The connection stood, and no answer came within the time that a page, or a call, may take."),
        causes=(
            Cause(
                why=_("AWS or the way to it is slow at the moment. A page gives it two seconds."),
                tell=_("“Look again” succeeds: the reading went on while the page did not wait for it."),
            ),
            Cause(why=_("The AWS account holds very much, and reading it takes long.")),
            Cause(
                why=_("A proxy holds answers back."),
                tell=_("Every call takes about the same time before it fails."),
            ),
        ),
        steps=(
            _("Look again in a moment. What is shown meanwhile is as it was when it was last seen."),
            _("After a change, look at the run before you retry: the call may have been carried out."),
        ),
        places=("doctor", "runs"),
        documents=(documents.HEALTH,),
    ),
    Entry(
        codes=("SSLError",),
        family=Family.NETWORK,
        title=_("The encryption was not agreed upon"),
        means=_(
            "Something answered at the endpoint, and could not prove that it is AWS; nothing was sent to it."
        ),
        causes=(
            Cause(
                why=_(
                    "A proxy of your network opens the encryption, and Python does not know its certificate."
                ),
                tell=_("curl on this server says “self-signed certificate in certificate chain”."),
            ),
            Cause(
                why=_("The server has no certificates of authorities, as in a very small container image.")
            ),
            Cause(
                why=_("The server's clock is far off."),
                tell=_("The certificate is “not yet valid” or “expired”."),
            ),
        ),
        steps=(
            _("Set AWS_CA_BUNDLE to the file with your network's certificates, for Django and its worker."),
            _("In a container, install the package ca-certificates."),
        ),
        places=("doctor",),
        documents=(documents.CREDENTIALS,),
    ),
    Entry(
        codes=("ProxyConnectionError",),
        family=Family.NETWORK,
        title=_("The proxy is not to be reached"),
        means=_("HTTPS_PROXY names a proxy, and it does not answer or does not let this server through."),
        causes=(
            Cause(why=_("The proxy's address or port is wrong, or it is down.")),
            Cause(
                why=_("The proxy wants a name and a password."), tell=_("The sentence has the status 407.")
            ),
            Cause(
                why=_("A proxy is asked for what should go straight: the emulator, or a VPC endpoint."),
                tell=_("The endpoint is an address of your own network."),
            ),
        ),
        steps=(_("Correct HTTPS_PROXY, or name the endpoint in NO_PROXY, for Django and its worker."),),
        places=("doctor",),
    ),
    Entry(
        codes=("NotAws",),
        family=Family.NETWORK,
        title=_("What answered is not AWS"),
        means=_(
            "An answer came, and it is nothing that AWS documents: something else stands at that address."
        ),
        causes=(
            Cause(
                why=_("A proxy, a sign-in page of a network or a firewall answered in AWS's place."),
                tell=_("curl on this server shows a web page at the endpoint."),
            ),
            Cause(
                why=_("The endpoint URL is that of another service."),
                tell=_("It is so for the gateways with an endpoint of their own, and for no other."),
            ),
        ),
        steps=(
            _(
                "Take the endpoint URL out of the gateway, its account and APIGW_WS, unless it is the "
                "emulator's."
            ),
            _("Django's log has what could not be read."),
        ),
        settings=("ENDPOINT_URL",),
        places=("accounts", "gateways", "doctor"),
    ),
)
