"""A small AITP peer over the published Python package, for `npm run interop`: the same operations as the Rust one.

Reads a request a line, {"op", ...}, and answers {"ok": true, ...} or {"ok": false, "code", "message"}. Where an identity
provider has to be asked for a token, the answer is {"mint": nonce} instead, and the next line holds the token as a JSON
text. Messages, Manifests and tokens are passed as the texts they are. Keeps one agent, one session and one responder.
"""

import importlib.metadata
import json
import sys

import aitp

VERSION = tuple(int(part) for part in importlib.metadata.version("aitp-sdk").split("."))
# From here on pinned keys have a store, and a delegation is verified by the Manifest of the delegator.
STRICT = VERSION >= (0, 14, 0)


def write(value):
    print(json.dumps(value), flush=True)


def mint(nonce):
    write({"mint": nonce})
    return json.loads(sys.stdin.readline())


class Peer:
    agent = session = responder = None

    def agent_of(self, seed, suite):
        self.agent = aitp.AitpAgent.from_seed(bytes.fromhex(seed), suite)
        return {"aid": self.agent.aid}

    def manifest(self, name, offers, issuer):
        oidc = {} if issuer is None else {"identity_type": "oidc", "oidc_issuer": issuer, "oidc_subject": name}
        text = self.agent.build_manifest(name, "https://peer.example/aitp/handshake/", offers, **oidc)
        return {"manifest": text}

    def verify_manifest(self, manifest):
        aitp.verify_manifest_json(manifest)
        return {}

    def hello(self, manifest, grants, peer, jwks):
        self.session = self.agent.new_session(**self.trust(peer, jwks))
        return {"message": self.session.build_hello(manifest, grants, mint if jwks else None)}

    def hello_ack(self, message):
        return {"message": self.session.process_hello_ack(message, "00000000-0000-4000-8000-000000000000")}

    def commit_ack(self, message):
        return received(self.session.complete(message))

    def answer_hello(self, message, grants, peer, jwks):
        # This package asks for what the caller's Manifest offers, and takes no list.
        self.responder = self.agent.new_responder(**self.trust(peer, jwks))
        return {"message": self.responder.process_hello(message, mint if jwks else None)[0]}

    def answer_commit(self, message):
        answer, completed = self.responder.process_commit(message)
        return {"message": answer, **received(completed)}

    def verify_tct(self, token, grant, audience, manifest, revoked):
        verified = self.agent.verify_tct(token, grant, audience, revoked_jtis=set(revoked))
        return {"grants": verified.grants}

    def delegate(self, voucher, delegatee, scope):
        return {"token": self.agent.build_delegation(voucher, delegatee, scope)}

    def verify_delegation(self, token, manifest, revoked):
        manifests = [[manifest]] if STRICT else []
        verified = aitp.verify_delegation(token, self.agent.aid, *manifests, revoked_jtis=set(revoked))
        return {"grants": verified.grants}

    def revocation_list(self, jtis):
        return {"list": self.agent.sign_revocation_list([{"jti": jti} for jti in jtis])}

    def verify_revocation_list(self, list, issuer):
        aitp.verify_revocation_list(list, issuer)
        return {}

    @staticmethod
    def trust(peer, jwks):
        if jwks is None:
            return {"pinned_keys": [peer]} if STRICT else {}
        return {"jwks": aitp.JwksProvider(jwks), "trust_anchors": list(jwks)}


def received(text):
    completed = json.loads(text)
    return {"tct": completed["tct"], "voucher": completed["grant_voucher"]}


if __name__ == "__main__":
    peer = Peer()
    # Not `for line in sys.stdin`: that reads ahead, and a token may follow any request.
    while line := sys.stdin.readline():
        request = json.loads(line)
        operation = request.pop("op")
        try:
            write({"ok": True, **getattr(peer, operation)(**request)})
        except (RuntimeError, ValueError) as error:
            write({"ok": False, "code": getattr(error, "code", type(error).__name__), "message": str(error)})
