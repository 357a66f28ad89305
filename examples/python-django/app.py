"""A guest app's backend in Django, in one file. See docs/guides/verify-python.md."""

import functools
import os
import secrets
import sys

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse, JsonResponse
from django.urls import path

from session_token import Refused, SessionVerifier

settings.configure(
    SECRET_KEY=secrets.token_urlsafe(32),
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    ROOT_URLCONF=__name__,
)
verifier = SessionVerifier(
    issuer=os.environ["BREEZEWAY_ISSUER"],
    audience=os.environ["BREEZEWAY_APP_ID"],
    jwks_url=os.environ["BREEZEWAY_JWKS_URL"],
)


def session_required(*scopes):
    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            headers = request.headers
            try:
                # `request.session` belongs to Django's own sessions.
                request.breezeway = verifier.authenticate(
                    lambda name: [headers[name]] if name in headers else [], scopes
                )
            except Refused as refused:
                return HttpResponse(refused.body, status=refused.status, headers=refused.headers)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


@session_required("orders:read")
def orders(request):
    session = request.breezeway
    return JsonResponse(
        {
            "userId": session.user_id,
            "tenantId": session.tenant_id,
            "handle": session.handle,
            "scopes": session.scopes,
        }
    )


urlpatterns = [path("orders", orders)]

if __name__ == "__main__":
    # Django's own server is for development; in production serve the project's WSGI application.
    address = f"127.0.0.1:{int(os.environ['PORT'])}"
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", address])
