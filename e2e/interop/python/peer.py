"""A small peer over the published Python port, for `npm run interop`. Speaks the same command line as the Rust one:

serve           prints {"url", "did"} and answers echo, count and fail until its input ends
call URL DID    runs every check a caller can make, a JSON line each
"""

import asyncio
import json
import sys

from agent_phone import (
    ClientOptions,
    ServerOptions,
    connect,
    create_server,
    encode_did_key,
    generate_key_pair,
)


async def count(params):
    for n in range(params.get("to", 1_000_000_000)):
        yield n


def fail(_):
    raise RuntimeError("as asked")


async def serve():
    key = generate_key_pair()
    did = encode_did_key(key.public_key)
    handlers = {"echo": lambda params: params, "count": count, "fail": fail}
    server = create_server(ServerOptions(did=did, private_key=key.private_key, handlers=handlers))
    await server.listen(0, hostname="127.0.0.1")
    print(json.dumps({"url": f"ws://127.0.0.1:{server.address().port}/", "did": did}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def call(url, did):
    key = generate_key_pair()

    async def dial(own_did):
        options = ClientOptions(url=url, did=own_did, private_key=key.private_key, responder_did=did)
        return await connect(options)

    client = await dial(encode_did_key(key.public_key))
    value = {"\u00e9": [1, 2.5, None, "\U0001f600"], "a": {"b": True}}
    report("unary", await client.call("echo", value) == value)

    received = [n async for n in client.stream("count", {"to": 10_000}, 8)]
    report("stream", received == list(range(10_000)))

    stream = client.stream("count", {"to": 1_000_000}, 8)
    for _ in range(20):
        await stream.__anext__()
    await stream.aclose()
    report("cancel", await client.call("echo", "alive") == "alive")

    try:
        await client.call("no-such-method")
        report("error", False)
    except RuntimeError:
        report("error", True)
    await client.close()

    # In another's name: the victim's DID with our own key.
    try:
        impostor = await dial(encode_did_key(generate_key_pair().public_key))
        await asyncio.wait_for(impostor.call("echo", 1), 2)
        report("impostor caller", False)
    except Exception:  # refused, closed or never answered: all the same here
        report("impostor caller", True)


def report(check, passed):
    print(json.dumps({"check": check, "passed": bool(passed)}), flush=True)


if __name__ == "__main__":
    words = sys.argv[1:]
    if words == ["serve"]:
        asyncio.run(serve())
    elif len(words) == 3 and words[0] == "call":
        asyncio.run(call(words[1], words[2]))
    else:
        sys.exit("usage: peer.py serve | call URL DID")
