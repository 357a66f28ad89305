"""A guest app's backend in Flask. See docs/guides/verify-python.md."""

import functools
import os

from flask import Flask, Response, g, jsonify, request

from session_token import Refused, SessionVerifier

app = Flask(__name__)
verifier = SessionVerifier(
    issuer=os.environ["BREEZEWAY_ISSUER"],
    audience=os.environ["BREEZEWAY_APP_ID"],
    jwks_url=os.environ["BREEZEWAY_JWKS_URL"],
)


def session_required(*scopes):
    def decorate(view):
        @functools.wraps(view)
        def guarded(*args, **kwargs):
            g.session = verifier.authenticate(request.headers.getlist, scopes)
            return view(*args, **kwargs)

        return guarded

    return decorate


@app.errorhandler(Refused)
def refused(error):
    return Response(error.body, error.status, error.headers)


@app.get("/orders")
@session_required("orders:read")
def orders():
    session = g.session
    return jsonify(
        userId=session.user_id,
        tenantId=session.tenant_id,
        handle=session.handle,
        scopes=session.scopes,
    )


@app.get("/getJWT")
@session_required()
def get_jwt():
    return jsonify(token=g.session.token)


if __name__ == "__main__":
    # Flask's own server is for development; in production run `gunicorn app:app`.
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
