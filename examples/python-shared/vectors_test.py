"""docs/vectors: tokens and problems, which the verifiers of all languages share."""

import datetime
import json
import pathlib
import unittest
from unittest import mock

import session_token
from session_token import Refused, SessionVerifier

FOLDER = pathlib.Path(__file__).parents[2] / "docs/vectors"


def read(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


VECTORS = read("tokens")


class VectorKeys:
    """The key set of the vectors, without a network."""

    def __init__(self):
        self._keys = session_token.parse_keys(json.dumps(VECTORS["jwks"]).encode())

    def find(self, kid):
        if kid not in self._keys:
            raise Refused("key-unknown")
        return self._keys[kid]


def judge(verifier, case):
    """Verifies the token alone, or as the credential of a request if the case has one."""
    if "request" not in case:
        return verifier.verify(case["token"])
    request = case["request"]
    headers = {
        "Authorization": f"Bearer {case['token']}",
        "Origin": request.get("origin"),
        "X-Tenant-ID": request.get("tenantId"),
    }
    return verifier.authenticate(
        lambda name: [headers[name]] if headers[name] is not None else [],
        request.get("scopes", ()),
    )


class VectorsTest(unittest.TestCase):
    def setUp(self):
        now = VECTORS["nowSeconds"]
        moment = datetime.datetime.fromtimestamp(now, tz=datetime.timezone.utc)
        # PyJWT has no clock of its own to set.
        clocks = [
            mock.patch("jwt.api_jwt.datetime", mock.Mock(now=lambda **_: moment)),
            mock.patch("session_token.time.time", lambda: now),
        ]
        for clock in clocks:
            clock.start()
            self.addCleanup(clock.stop)
        self.verifier = SessionVerifier(
            VECTORS["issuer"], VECTORS["audience"], "https://shell.example/jwks.json"
        )
        self.verifier._keys = VectorKeys()

    def test_judges_the_token_vectors(self):
        # The others are for verifiers that accept ES256 too.
        for case in (case for case in VECTORS["cases"] if "algorithms" not in case):
            with self.subTest(case["name"]):
                if "reason" in case:
                    with self.assertRaises(Refused) as refusal:
                        judge(self.verifier, case)
                    self.assertEqual(refusal.exception.reason, case["reason"])
                else:
                    self.expect_session(judge(self.verifier, case), case["session"])

    def expect_session(self, session, expected):
        self.assertEqual(session.user_id, expected["userId"])
        self.assertEqual(session.tenant_id, expected["tenantId"])
        self.assertEqual(session.handle, expected["handle"])
        self.assertEqual(session.app_id, expected["appId"])
        self.assertEqual(list(session.scopes), expected["scopes"])


class ProblemsTest(unittest.TestCase):
    def test_answers_as_the_problem_vectors(self):
        # Other names have a condition, such as scopes or a proof.
        cases = {case["name"]: case for case in read("problems")["cases"]}
        for reason in session_token.PROBLEMS:
            with self.subTest(reason):
                case = cases[reason]
                refusal = Refused(reason)
                headers = {name.lower(): value for name, value in refusal.headers.items()}
                body = json.loads(refusal.body)
                self.assertEqual(refusal.status, case["status"])
                self.assertEqual(headers, case["headers"])
                self.assertEqual(body | {"requestId": case["body"]["requestId"]}, case["body"])


if __name__ == "__main__":
    unittest.main()
