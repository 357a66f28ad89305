"""A guest app's backend in Django, in one file. See docs/guides/verify-python.md."""

import asyncio
import functools
import os
import secrets
import sys

from django.conf import settings
from django.core.asgi import get_asgi_application
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


def authenticate(request, scopes):
    """Sets `request.breezeway`, or returns the answer of a refused request."""
    headers = request.headers
    try:
        # `request.session` belongs to Django's own sessions.
        request.breezeway = verifier.authenticate(
            lambda name: [headers[name]] if name in headers else [], scopes
        )
    except Refused as refused:
        return HttpResponse(refused.body, status=refused.status, headers=refused.headers)


def session_required(*scopes):
    def decorate(view):
        @functools.wraps(view)
        def guarded(request, *args, **kwargs):
            return authenticate(request, scopes) or view(request, *args, **kwargs)

        @functools.wraps(view)
        async def guarded_async(request, *args, **kwargs):
            # In a thread, since fetching keys may block.
            refusal = await asyncio.to_thread(authenticate, request, scopes)
            return refusal or await view(request, *args, **kwargs)

        return guarded_async if asyncio.iscoroutinefunction(view) else guarded

    return decorate


def describe(session):
    return JsonResponse(
        {
            "userId": session.user_id,
            "tenantId": session.tenant_id,
            "handle": session.handle,
            "scopes": session.scopes,
        }
    )


@session_required("orders:read")
def orders(request):
    session = request.breezeway
    return describe(session)


@session_required("orders:read")
async def orders_async(request):
    session = request.breezeway
    return describe(session)


@session_required()
def get_jwt(request):
    return JsonResponse({"token": request.breezeway.token})


@session_required()
async def get_jwt_async(request):
    return JsonResponse({"token": request.breezeway.token})


urlpatterns = [
    path("orders", orders),
    path("async/orders", orders_async),
    path("getJWT", get_jwt),
    path("async/getJWT", get_jwt_async),
]

# For an ASGI server: `uvicorn app:application`.
application = get_asgi_application()

if __name__ == "__main__":
    # Django's own server is for development; in production serve the project's WSGI application.
    address = f"127.0.0.1:{int(os.environ['PORT'])}"
    execute_from_command_line([sys.argv[0], "runserver", "--noreload", address])
