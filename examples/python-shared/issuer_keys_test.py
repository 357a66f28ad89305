"""Tests the key cache over time, with a clock of its own and a real socket."""

import base64
import contextlib
import json
import logging
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from session_token import IssuerKeys, Refused


def public_jwk(kid):
    key = Ed25519PrivateKey.generate().public_key()
    x = base64.urlsafe_b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw))
    return {"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": x.rstrip(b"=").decode()}


class Issuer:
    """Answers with `keys`, or with 503 when it has no keys."""

    def __init__(self):
        self.keys = [public_jwk("old")]
        self.hits = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.hits += 1
                self.send_response(200 if issuer.keys else 503)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": issuer.keys}).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    @contextlib.contextmanager
    def serving(self):
        # The thread checks every 10 ms, instead of every 500 ms, whether it should end.
        thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self.server.shutdown()
            thread.join()
            self.server.server_close()


class IssuerKeysTest(unittest.TestCase):
    def setUp(self):
        logging.disable(logging.WARNING)
        self.addCleanup(logging.disable, logging.NOTSET)
        self.now = 0.0
        serving = Issuer().serving()
        self.issuer = serving.__enter__()
        self.addCleanup(serving.__exit__, None, None, None)
        self.keys = IssuerKeys(self.issuer.url, clock=lambda: self.now)

    def assert_refused(self, reason, kid):
        with self.assertRaises(Refused) as caught:
            self.keys.find(kid)
        self.assertEqual(caught.exception.reason, reason)

    def test_uses_keys_for_300_s_without_asking_again(self):
        self.keys.find("old")
        self.now = 299
        self.keys.find("old")
        self.assertEqual(self.issuer.hits, 1)
        self.now = 300
        self.keys.find("old")
        self.assertEqual(self.issuer.hits, 2)

    def test_finds_a_new_key_as_soon_as_it_may_ask_again(self):
        self.keys.find("old")
        self.issuer.keys = [*self.issuer.keys, public_jwk("new")]
        self.now = 4
        self.assert_refused("key-unknown", "new")
        self.now = 5
        self.keys.find("new")
        self.assertEqual(self.issuer.hits, 2)

    def test_drops_a_key_that_is_no_longer_published(self):
        self.keys.find("old")
        self.issuer.keys = [public_jwk("new")]
        self.now = 300
        self.assert_refused("key-unknown", "old")

    def test_keeps_its_keys_for_3600_s_of_an_outage(self):
        self.keys.find("old")
        self.issuer.keys = []
        for self.now in (300, 301, 3_599):
            self.keys.find("old")
        self.assert_refused("keys-unavailable", "new")
        self.now = 3_600
        self.assert_refused("keys-unavailable", "old")

    def test_comes_back_after_an_outage(self):
        good, self.issuer.keys = self.issuer.keys, []
        self.assert_refused("keys-unavailable", "old")
        self.issuer.keys = good
        self.assert_refused("keys-unavailable", "old")
        self.now = 5
        self.keys.find("old")

    def test_asks_once_for_requests_that_come_together(self):
        threads = [threading.Thread(target=self.keys.find, args=("old",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(self.issuer.hits, 1)

    def test_lets_nobody_wait_who_has_a_key(self):
        self.keys.find("old")
        self.now = 300
        with self.keys._lock:  # As while another request fetches.
            thread = threading.Thread(target=self.keys.find, args=("old",), daemon=True)
            thread.start()
            thread.join(timeout=5)
            self.assertFalse(thread.is_alive())

    def test_refuses_plain_http_beyond_loopback(self):
        for url in ("http://issuer.example/jwks.json", "file:///etc/keys.json", ""):
            with self.assertRaises(ValueError):
                IssuerKeys(url)


if __name__ == "__main__":
    unittest.main()
