"""System checks. E0xx: a value of ``APIGW_WS`` is wrong. W0xx: something will not work as it looks.

| id | what is wrong |
|---|---|
| E001 | APIGW_WS is no dict |
| E002 | a key that does not exist |
| E003 | a value, or an item of it, of the wrong type |
| E004 | a number below its minimum |
| E005 | an origin without a scheme, with a path, or with a ``*`` elsewhere than in ``*.`` before the domain |
| E006 | a view brings a guard of django-aws-api-gateway-websockets that nothing reads here: it is open |
| E007 | ENDPOINT_URL is no http or https URL |
| E008 | READ_ONLY is set, and the middleware that sees to it is not there |
| E009 | routers keep users, groups or permissions in another database than our tables |
| E010 | Unfold's Alpine comes before that of ``apigw_ws_admin.strict_csp`` |
| E011 | ADMIN_SITE is no site of Unfold's |
| E012 | nothing in MIDDLEWARE knows htmx |
| W001 | WebSocketViews are mounted, but no URL takes the route: $connect cannot arrive |
| W002 | a view demands tokens, and no URL leads to WebSocketTokenView |
| W003 | every page may connect |
| W004 | a gateway calls a host that ALLOWED_HOSTS does not list (``check --database default``) |
| W005 | a view brings another name of django-aws-api-gateway-websockets that nothing reads here |
| W006 | pages of no origin may connect, and any page can make itself one |
| W007 | tokens are issued, and sessions in signed cookies have no key to tie them to |
| W008 | an account names a profile that this server does not have (``check --database default``) |
| W009 | browsers do not send the session cookie to a gateway (``check --database default``) |
| W010 | SameSite keeps the session cookie back from pages that may connect |
| W011 | pages of a gateway's own domain may not connect (``check --database default``) |
| W012 | a gateway calls a URL that no pattern here takes (``check --database default``) |
| W013 | the console hands work to a task backend that has no worker |
| W014 | ALLOWED_HANDLERS names what nothing handles, or leaves out what the same view handles |
| W015 | nobody has decided on channels without a channel permission (``check --deploy``) |
| W016 | there is no pycurl: messages to many connections go out slowly (``check --deploy``) |
| W017 | admin sites are mounted, and the one that has the console is not |
"""

from __future__ import annotations

from apigw_ws.checks import browsers, channels, configured, databases, gateways, mounted, sending

__all__ = ["browsers", "channels", "configured", "databases", "gateways", "mounted", "sending"]
