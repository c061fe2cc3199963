#!/usr/bin/env python3
"""Sends a transfer and waits until it is final. Written from docs/PROTOCOL.md alone; needs `pip install pynacl blake3`.

Usage: transfer.py --from KEYFILE --to ADDRESS --amount BASE_UNITS [--asset HDL] [--max-fee 20000] [--rpc URL] | --selftest
"""
import argparse
import json
import os
import re
import sys
import time
import urllib.request

from blake3 import blake3
from nacl.signing import SigningKey


def fail(message, code=1):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)


def uint(value, width):
    return value.to_bytes(width, "little")


def unhex(text, length, name):
    text = text.removeprefix("0x")
    if not re.fullmatch("[0-9a-fA-F]{%d}" % (2 * length), text):
        fail(f"{name}: expected {2 * length} hex digits, found {text!r}", 2)
    return bytes.fromhex(text)


def transfer_call(to, asset, amount):
    """Section 5: Transfer {to, asset, amount} of program 1."""
    if not re.fullmatch("[A-Z0-9]{1,12}", asset):
        fail(f"--asset: expected 1 to 12 characters A-Z or 0-9, found {asset!r}", 2)
    if not 0 < amount < 2**120:
        fail(f"--amount: expected 1 to 2^120 - 1 base units, found {amount}", 2)
    data = uint(0, 1) + to + asset.encode().ljust(12, b"\0") + uint(amount, 16)
    return uint(1, 4) + uint(len(data), 4) + data


def unsigned(chain, sender, sequence, max_fee, call):
    """Section 3: the body, without a payer, in lane 0, without an end, with one call."""
    nonce = uint(0, 1) + uint(0, 1) + uint(sequence, 8)
    access = uint(0, 1) + uint(0, 4)
    return (uint(1, 1) + chain + sender + uint(0, 1) + nonce + uint(2**64 - 1, 8)
            + uint(max_fee, 16) + access + uint(1, 4) + call)


def sign(body, key):
    """Section 4: the id, and the transaction signed over it."""
    tx_id = blake3(b"heddle/tx/1".ljust(16, b"\0") + body + b"\0\0").digest()
    signature = key.sign(tx_id).signature
    return tx_id, body + uint(0, 1) + signature + uint(0, 1)


def rpc(url, method, params):
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(url, json.dumps(request).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            reply = json.load(reply)
    except (OSError, ValueError) as error:
        fail(f"no answer from {url}: {error}; is the node running?", 3)
    if "error" in reply:
        error, data = reply["error"], reply["error"].get("data") or {}
        fail(f"{method}: {error['message']} ({data.get('kind', error['code'])}) {data.get('hint') or ''}".rstrip())
    return reply["result"]


def read_key(path):
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
        key = SigningKey(unhex(found["secretKey"], 32, f"{path}: secretKey"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        fail(f"{path}: expected a key file with scheme, publicKey, secretKey and address: {error!r}", 2)
    if found.get("scheme") != "ed25519" or found.get("address") != bytes(key.verify_key).hex():
        fail(f"{path}: the scheme is not ed25519, or the address is not this key's", 2)
    return key


def send(args):
    to = unhex(args.to, 32, "--to")
    key = read_key(args.key)
    call = transfer_call(to, args.asset, args.amount)
    if not 0 <= args.max_fee < 2**120:
        fail(f"--max-fee: expected 0 to 2^120 - 1 base units, found {args.max_fee}", 2)
    sender = bytes(key.verify_key)
    chain = unhex(rpc(args.rpc, "getStatus", {})["chainId"], 32, "chainId")
    sequence = rpc(args.rpc, "getAccount", {"address": sender.hex()})["nonces"].get("0", 0)
    tx_id, transaction = sign(unsigned(chain, sender, sequence, args.max_fee, call), key)
    rpc(args.rpc, "sendTransaction", {"transaction": transaction.hex()})
    print(f"sent {tx_id.hex()}")
    deadline = time.monotonic() + args.timeout
    while time.monotonic() < deadline:
        found = rpc(args.rpc, "getTransaction", {"id": tx_id.hex()})
        if found["status"] == "expired":
            fail("the transaction expired; nothing was paid")
        if found["status"] == "final" and found["receipt"]:
            receipt = found["receipt"]
            print(f"final at height {found['height']}, fee {receipt['feePaid']}")
            if not receipt["ok"]:
                fail(f"the transfer failed: {receipt['error']['name']}: {receipt['error']['message']}")
            return
        time.sleep(0.05)
    fail(f"not final after {args.timeout} s; outcome unknown, ask for {tx_id.hex()} again", 3)


def selftest():
    """Compares with the vectors of section 12."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "PROTOCOL.md")
    with open(page, encoding="utf-8") as file:
        lines = file.read().split("```vectors\n")[1].split("```")[0].splitlines()
    vector = {name: bytes.fromhex(value) for name, value in map(str.split, lines)}
    key = SigningKey(vector["seed"])
    body = unsigned(vector["chain"], bytes(key.verify_key), 7, 20_000, transfer_call(vector["to"], "HDL", 1_500_000_000))
    tx_id, transaction = sign(body, key)
    made = {"address": bytes(key.verify_key), "unsigned": body, "id": tx_id, "transaction": transaction,
            "genesis.chainId": blake3(b"heddle/genesis/1" + vector["genesis"]).digest()}
    for name, value in made.items():
        if value != vector[name]:
            fail(f"{name}: made {value.hex()}, the page has {vector[name].hex()}")
    print(f"{len(made)} vectors are as on the page")


def main():
    parser = argparse.ArgumentParser(description="Sends a transfer and waits until it is final.")
    parser.add_argument("--from", dest="key", metavar="KEYFILE")
    parser.add_argument("--to", metavar="ADDRESS")
    parser.add_argument("--amount", type=int, help="in base units")
    parser.add_argument("--asset", default="HDL")
    parser.add_argument("--max-fee", type=int, default=20_000)
    parser.add_argument("--rpc", default=os.environ.get("HEDDLE_RPC", "http://127.0.0.1:26000"))
    parser.add_argument("--timeout", type=float, default=30)
    parser.add_argument("--selftest", action="store_true")
    args = parser.parse_args()
    if args.selftest:
        selftest()
    elif args.key is None or args.to is None or args.amount is None:
        parser.error("--from, --to and --amount are needed")
    else:
        send(args)


if __name__ == "__main__":
    main()
