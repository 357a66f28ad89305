"""Verifies Breezeway session tokens with PyJWT. Copy this file beside your application.

PyJWT decides signature, issuer, audience and times. What it leaves open (the form of a token, the
types of its claims, where keys come from) is decided here. No web framework is imported.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Mapping

import jwt

MAX_TOKEN_BYTES = 8_192
MAX_HEADER_BYTES = 1_024
MAX_KID_LENGTH = 256
MAX_LIFE_SECONDS = 300
CLOCK_SKEW_SECONDS = 5
TEXT_CLAIMS = ("iss", "aud", "azp", "sub", "userId", "tenantId", "sid", "jti")
TIME_CLAIMS = ("iat", "nbf", "exp")

# reason: status, action, title
PROBLEMS = {
    "token-missing": (401, "login", "The request carries no session token."),
    "token-malformed": (
        401,
        "refresh",
        "The session token is malformed. It must be a compact JWS in canonical form with the required claims.",
    ),
    "token-signature": (401, "refresh", "The signature of the session token is invalid."),
    "key-unknown": (
        401,
        "refresh",
        "The session token names a signing key that the issuer does not publish.",
    ),
    "token-expired": (401, "refresh", "The session token has expired."),
    "token-alg": (401, "none", "The session token is signed with an algorithm that is not allowed here."),
    "issuer-mismatch": (401, "none", "The session token comes from another issuer."),
    "audience-mismatch": (401, "none", "The session token was minted for another app."),
    "azp-mismatch": (401, "none", "The session token was minted for another origin."),
    "token-not-yet": (401, "wait", "The session token is not valid yet. Check the clocks of issuer and verifier."),
    "iat-future": (401, "wait", "The session token was issued in the future. Check the clocks of issuer and verifier."),
    "proof-invalid": (
        401,
        "refresh",
        "The session token requires a proof of possession (DPoP), and the request has no valid one.",
    ),
    "tenant-mismatch": (
        403,
        "none",
        "The X-Tenant-ID header does not match the tenant of the session token.",
    ),
    "scope-missing": (403, "none", "The session token lacks a scope that this route requires."),
    "duplicate-credentials": (400, "none", "The request carries more than one credential."),
    "keys-unavailable": (503, "wait", "The issuer's public keys cannot be fetched."),
}


class Refused(Exception):
    """Why a request has no session, as the HTTP answer to send."""

    def __init__(self, reason: str, scopes: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status, action, title = PROBLEMS[reason]
        self.headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
        if reason == "token-missing":
            self.headers["WWW-Authenticate"] = "Bearer"
        elif self.status in (401, 403):
            error = "invalid_token" if self.status == 401 else "insufficient_scope"
            challenge = f'Bearer error="{error}", error_description="{reason}"'
            scope = " ".join(scopes)
            self.headers["WWW-Authenticate"] = challenge + (f', scope="{scope}"' if scope else "")
        elif self.status == 503:
            self.headers["Retry-After"] = "1"
        problem = {
            "type": f"https://breezeway.dev/errors#{reason}",
            "title": title,
            "status": self.status,
            "reason": reason,
            "action": action,
            "requestId": str(uuid.uuid4()),
        }
        self.body = json.dumps(problem)


@dataclass(frozen=True)
class Session:
    user_id: str
    tenant_id: str
    handle: str
    app_id: str
    scopes: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    token: str = field(repr=False)


class SessionVerifier:
    """`audience` is your app's id; `jwks_url` is the issuer's /.well-known/jwks.json."""

    def __init__(self, issuer: str, audience: str, jwks_url: str) -> None:
        if not issuer or not audience:
            raise ValueError("issuer and audience are required")
        self._issuer = issuer
        self._audience = audience
        self._keys = IssuerKeys(jwks_url)

    def authenticate(self, header: Callable[[str], list[str]], scopes: Iterable[str] = ()) -> Session:
        """The session of a request. `header` gives all values of a request header.

        Raises Refused. Does not know whether the session was revoked: a token outlives that by 60 s.
        """
        session = self.verify(bearer_token(header("Authorization")))
        if any(origin != session.claims["azp"] for origin in header("Origin")):
            raise Refused("azp-mismatch")
        if any(tenant != session.tenant_id for tenant in header("X-Tenant-ID")):
            raise Refused("tenant-mismatch")
        if not set(scopes).issubset(session.scopes):
            raise Refused("scope-missing", scopes)
        return session

    def verify(self, token: str) -> Session:
        key = self._keys.find(key_id(token))
        try:
            jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=CLOCK_SKEW_SECONDS,
                # One error class stands for nbf and iat, so iat is checked in parse_claims.
                options={"require": [*TEXT_CLAIMS, *TIME_CLAIMS], "verify_iat": False},
            )
            claims = parse_claims(token)
        except jwt.InvalidSignatureError:
            raise Refused("token-signature") from None
        except jwt.InvalidAlgorithmError:
            raise Refused("token-alg") from None
        except jwt.ExpiredSignatureError:
            raise Refused("token-expired") from None
        except jwt.ImmatureSignatureError:
            raise Refused("token-not-yet") from None
        except jwt.InvalidIssuerError:
            raise Refused("issuer-mismatch") from None
        except jwt.InvalidAudienceError:
            raise Refused("audience-mismatch") from None
        # PyJWT lets int() and the JSON parser raise what they like on claims of odd types.
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, RecursionError):
            raise Refused("token-malformed") from None
        return Session(
            user_id=claims["sub"],
            tenant_id=claims["tenantId"],
            handle=claims["sid"],
            app_id=claims["aud"],
            scopes=tuple(claims["scope"].split()),
            claims=claims,
            token=token,
        )


def bearer_token(credentials: list[str]) -> str:
    # WSGI servers join repeated headers with a comma, which no credential of ours contains.
    if len(credentials) > 1 or any("," in value for value in credentials):
        raise Refused("duplicate-credentials")
    scheme, _, token = (credentials[0] if credentials else "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused("token-missing")
    return token.lstrip(" ")


def key_id(token: str) -> str:
    """The id of the key that should have signed; nothing is verified yet."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[1]:
        raise Refused("token-malformed")
    if len(token) > MAX_TOKEN_BYTES or len(parts[0]) > MAX_HEADER_BYTES:
        raise Refused("token-malformed")
    try:
        header, _, _ = strict_object(base64url(parts[0])), base64url(parts[1]), base64url(parts[2])
    except (ValueError, RecursionError):
        raise Refused("token-malformed") from None
    if header.get("alg") != "EdDSA":
        raise Refused("token-alg")
    kid = header.get("kid")
    # No other member may steer the verifier: crit, jwk, jku, x5u, b64 and what comes next.
    if header != {"alg": "EdDSA", "typ": "JWT", "kid": kid} or not isinstance(kid, str):
        raise Refused("token-malformed")
    if not 0 < len(kid) <= MAX_KID_LENGTH:
        raise Refused("token-malformed")
    return kid


def parse_claims(token: str) -> dict[str, Any]:
    """The claims of a token whose signature is known to be good."""
    claims = strict_object(base64url(token.split(".")[1]))
    texts = [claims[name] for name in TEXT_CLAIMS]
    times = [claims[name] for name in TIME_CLAIMS]
    scope = claims.get("scope")
    if not all(isinstance(text, str) and text for text in texts):
        raise ValueError("a text claim is not a text")
    # bool is an int to isinstance.
    if not all(type(seconds) in (int, float) and 0 <= seconds < 2**53 for seconds in times):
        raise ValueError("a time claim is not a number")
    if not isinstance(scope, str) or scope != " ".join(scope.split()):
        raise ValueError("scope is not a list of scopes")
    if claims["userId"] != claims["sub"]:
        raise ValueError("userId is not sub")
    if not 0 < claims["exp"] - claims["iat"] <= MAX_LIFE_SECONDS:
        raise ValueError("a token cannot live that long")
    if claims["iat"] > time.time() + CLOCK_SKEW_SECONDS:
        raise Refused("iat-future")
    # Bound to a key (RFC 9449), and nothing here checks a proof of it.
    if "cnf" in claims:
        raise Refused("proof-invalid")
    return claims


def base64url(part: str) -> bytes:
    """Python's decoder skips what it does not know; only canonical text survives the way back."""
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise ValueError("not canonical base64url")
    return data


def strict_object(data: bytes) -> dict[str, Any]:
    """A JSON object (RFC 8259) in UTF-8, no name twice, no NaN."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) != len(pairs):
            raise ValueError("a name stands twice")
        return members

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    # json.loads(bytes) would also guess UTF-16 and UTF-32.
    value = json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


class IssuerKeys:
    """The issuer's public keys: cached, fetched by one thread at a time, at most every 5 s.

    Takes the place of jwt.PyJWKClient, which fetches once per unknown key id, follows redirects,
    has no limit of size, and forgets its keys when the issuer is down.
    """

    MAX_AGE_SECONDS = 300
    MAX_STALE_SECONDS = 3_600
    COOLDOWN_SECONDS = 5
    TIMEOUT_SECONDS = 5
    MAX_BYTES = 65_536

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        parsed = urllib.parse.urlsplit(url)
        loopback = parsed.hostname in ("localhost", "127.0.0.1", "::1")
        if parsed.scheme != "https" and not (parsed.scheme == "http" and loopback):
            raise ValueError("the JWKS URL must be https; http only on loopback")
        self._url = url
        self._clock = clock
        self._opener = urllib.request.build_opener(_NoRedirect)
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at = self._attempted_at = float("-inf")
        self._failed = False

    def find(self, kid: str) -> Any:
        key = self._known(kid, self.MAX_AGE_SECONDS)
        if key is not None:
            return key
        stale = self._known(kid, self.MAX_STALE_SECONDS)
        if not self._lock.acquire(blocking=stale is None):
            return stale  # Another request is fetching; nobody waits who has a key.
        try:
            if self._clock() - self._attempted_at >= self.COOLDOWN_SECONDS:
                self._refresh()
        finally:
            self._lock.release()
        key = self._known(kid, self.MAX_STALE_SECONDS if self._failed else self.MAX_AGE_SECONDS)
        if key is None:
            # In an outage nobody can say whether the issuer has published this key.
            raise Refused("keys-unavailable" if self._failed else "key-unknown")
        return key

    def _known(self, kid: str, max_age_seconds: int) -> Any:
        is_usable = self._clock() - self._fetched_at < max_age_seconds
        return self._keys.get(kid) if is_usable else None

    def _refresh(self) -> None:
        try:
            self._keys = parse_keys(self._download())
            self._fetched_at = self._clock()
            self._failed = False
        except Exception as error:  # Whatever went wrong, it is an outage of the issuer's keys.
            self._failed = True
            logging.getLogger(__name__).warning("no keys from the issuer: %s", type(error).__name__)
        self._attempted_at = self._clock()

    def _download(self) -> bytes:
        # The timeout of urllib is for one read; the deadline is for all of them.
        deadline = time.monotonic() + self.TIMEOUT_SECONDS
        body = b""
        with self._opener.open(self._url, timeout=self.TIMEOUT_SECONDS) as response:
            while chunk := response.read1(self.MAX_BYTES):
                body += chunk
                if len(body) > self.MAX_BYTES or time.monotonic() > deadline:
                    raise ValueError("the key set is too large or too slow")
        return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would let whoever controls one URL of the issuer choose its keys."""

    def redirect_request(self, *_: Any) -> None:
        return None


def parse_keys(body: bytes) -> dict[str, Any]:
    keys = {}
    for jwk in strict_object(body)["keys"]:
        if "d" in jwk:
            raise ValueError("the issuer publishes a private key")
        is_ed25519 = jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519"
        if is_ed25519 and jwk.get("use", "sig") == "sig" and jwk.get("alg", "EdDSA") == "EdDSA":
            keys[jwk["kid"]] = jwt.PyJWK(jwk, "EdDSA").key
    if not keys:
        raise ValueError("the key set has no Ed25519 key")
    return keys
