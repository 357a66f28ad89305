"""A guest app's backend in FastAPI. See docs/guides/verify-python.md."""

import os

import uvicorn
from fastapi import FastAPI, Request, Response, Security
from fastapi.security import SecurityScopes

from session_token import Refused, Session, SessionVerifier

app = FastAPI()
verifier = SessionVerifier(
    issuer=os.environ["BREEZEWAY_ISSUER"],
    audience=os.environ["BREEZEWAY_APP_ID"],
    jwks_url=os.environ["BREEZEWAY_JWKS_URL"],
)


# FastAPI runs a plain `def` in a worker thread, where fetching keys may block.
def current_session(request: Request, security: SecurityScopes) -> Session:
    return verifier.authenticate(request.headers.getlist, security.scopes)


@app.exception_handler(Refused)
def refused(_: Request, error: Refused) -> Response:
    return Response(error.body, error.status, error.headers)


@app.get("/orders")
def orders(session: Session = Security(current_session, scopes=["orders:read"])) -> dict:
    return describe(session)


@app.get("/async/orders")
async def orders_async(session: Session = Security(current_session, scopes=["orders:read"])) -> dict:
    return describe(session)


@app.get("/getJWT")
def get_jwt(session: Session = Security(current_session)) -> dict:
    return {"token": session.token}


@app.get("/async/getJWT")
async def get_jwt_async(session: Session = Security(current_session)) -> dict:
    return {"token": session.token}


def describe(session: Session) -> dict:
    return {
        "userId": session.user_id,
        "tenantId": session.tenant_id,
        "handle": session.handle,
        "scopes": session.scopes,
    }


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning")
