//! The description of the methods that `/openrpc.json` serves.

use serde_json::Value;
use serde_json::json;

use crate::dev;
use crate::event;
use crate::light as l;
use crate::market as m;
use crate::request as r;
use crate::request::Request;

const HEX: &str = "^(0x)?([0-9a-fA-F]{2})*$";
const HEX_32: &str = "^(0x)?[0-9a-fA-F]{64}$";

/// An OpenRPC 1.3 document of the methods that exist; `requestAirdrop` and `dev_…` only on a `dev` chain.
pub fn openrpc(dev: bool) -> Value {
    let transaction = || param("transaction", true, text(HEX));
    let id = || param("id", true, text(HEX_32));
    let program = || param("program", true, program());
    let mut methods = vec![
        method::<r::GetStatus>("Where this node is.", vec![]),
        method::<r::GetTransaction>("What became of a transaction.", vec![id()]),
        method::<r::SendTransaction>("Admits a transaction here.", vec![transaction()]),
        method::<r::SendTransactionAndWait>(
            "Admits a transaction here and waits until it is final.",
            vec![transaction(), param("timeoutMs", true, integer(crate::limits::WAIT_MS_MAX))],
        ),
        method::<r::SimulateTransaction>("Runs a transaction without effect.", vec![transaction()]),
        method::<r::GetAccount>(
            "What an account holds.",
            vec![param("address", true, text(HEX_32))],
        ),
        method::<r::GetSupply>("Everything held anywhere, by asset.", vec![]),
        method::<r::GetProof>(
            "What is at a key at the last certified root, and why.",
            vec![program(), param("key", true, text(HEX))],
        ),
        method::<l::GetFinalHeader>("The newest final header, and why it is final.", vec![]),
        method::<l::GetEpochEnd>(
            "How an epoch ended, and who decides next.",
            vec![param("epoch", true, integer(crate::limits::INTEGER_MAX))],
        ),
        method::<r::GetState>(
            "One value, or a page of those whose keys begin with a prefix.",
            vec![
                program(),
                param("key", false, text(HEX)),
                param("prefix", false, text(HEX)),
                param("cursor", false, text(HEX)),
                param("limit", false, integer(crate::limits::PAGE_ITEMS_MAX)),
            ],
        ),
        method::<r::GetFee>(
            "What transactions cost.",
            vec![param("transaction", false, text(HEX))],
        ),
        method::<r::GetEvidence>("Proofs of equivocation.", vec![]),
        method::<r::GetValidators>("The committee, and who is to decide next.", vec![]),
        method::<r::GetPerformanceSamples>(
            "How much went through lately.",
            vec![param("limit", false, integer(crate::limits::SAMPLES_MAX))],
        ),
    ];
    methods.extend(market_methods());
    methods.extend(block_methods());
    methods.extend(websocket_methods());
    if dev {
        methods.extend(dev_methods());
    }
    json!({
        "openrpc": "1.3.2",
        "info": { "title": "Heddle", "version": env!("CARGO_PKG_VERSION") },
        "methods": methods,
    })
}

fn dev_methods() -> Vec<Value> {
    let max = crate::limits::CLOCK_MS_MAX;
    let offset = json!({ "type": "integer", "minimum": -max.cast_signed(), "maximum": max });
    let links = json!({ "type": "array", "items": { "type": "object" } });
    vec![
        method::<r::RequestAirdrop>(
            "The faucet sends the native asset, or mints another one of which it is the authority.",
            vec![
                param("address", true, text(HEX_32)),
                param("amount", true, text("^[0-9]+$")),
                param("asset", false, text("^[A-Z0-9]{1,12}$")),
            ],
        ),
        method::<dev::SetLinks>(
            "Replaces the faults of all links from this node: peer, cut, delayMs, jitterMs, lossPercent.",
            vec![param("links", true, links)],
        ),
        method::<dev::SetClock>(
            "Makes this node's wall clock wrong.",
            vec![param("offsetMs", true, offset)],
        ),
    ]
}

fn market_methods() -> Vec<Value> {
    let name = json!({ "type": "string", "description": "the market's name" });
    let number = integer(u64::from(u16::MAX));
    let either = json!({ "anyOf": [number, name] });
    let market = |required| param("market", required, either.clone());
    let account = || {
        vec![
            param("account", false, integer(u64::from(u32::MAX))),
            param("address", false, text(HEX_32)),
            param("sub", false, integer(u64::from(u8::MAX))),
        ]
    };
    let history =
        || vec![market(true), param("limit", false, integer(crate::limits::HISTORY_ITEMS_MAX))];
    let depth = param("depth", false, integer(crate::limits::BOOK_LEVELS_MAX));
    vec![
        method::<m::GetMarkets>("Every market.", vec![]),
        method::<m::GetOrderBook>("The best price levels of a market.", vec![market(true), depth]),
        method::<m::GetMarginAccount>(
            "Equity, requirements and positions of a margin account: account, or address and sub.",
            account(),
        ),
        method::<m::GetOpenOrders>(
            "The open orders of a margin account.",
            [account(), vec![market(false)]].concat(),
        ),
        method::<m::GetOrder>(
            "Where an order stands, and what became of it so far.",
            [account(), vec![market(true), param("number", true, integer(u64::from(u32::MAX)))]]
                .concat(),
        ),
        method::<m::GetTrades>("The newest trades of a market, newest first.", history()),
        method::<m::GetFundingHistory>(
            "The newest funding payments of a market, newest first.",
            history(),
        ),
        method::<m::GetLiquidations>(
            "The newest liquidations in a market, newest first.",
            history(),
        ),
    ]
}

fn block_methods() -> Vec<Value> {
    vec![
        method::<r::GetBlock>(
            "A final block, by height or by hash.",
            vec![
                param("height", false, integer(crate::limits::INTEGER_MAX)),
                param("hash", false, text(HEX_32)),
            ],
        ),
        method::<r::GetBlockExecution>(
            "What happened here while a block was executed; of the last blocks only.",
            vec![param("height", true, integer(crate::limits::INTEGER_MAX))],
        ),
        method::<event::GetBlockEvents>(
            "What programs reported in an executed final block, a page of it.",
            [
                vec![param("height", true, integer(crate::limits::INTEGER_MAX))],
                event_filter(),
                vec![
                    param("from", false, integer(crate::limits::INTEGER_MAX)),
                    param("limit", false, integer(crate::limits::EVENTS_MAX)),
                ],
            ]
            .concat(),
        ),
    ]
}

fn websocket_methods() -> Vec<Value> {
    let from_seq = || param("fromSeq", false, integer(crate::limits::INTEGER_MAX));
    vec![
        method::<r::SubscribeBlocks>(
            "Each executed final block, in order. WebSocket only.",
            vec![from_seq()],
        ),
        method::<event::SubscribeEvents>(
            "What programs reported in each executed final block, in order. WebSocket only.",
            [event_filter(), vec![from_seq()]].concat(),
        ),
        method::<r::SubscribeTransaction>(
            "A transaction and each change of it. WebSocket only.",
            vec![param("id", true, text(HEX_32)), from_seq()],
        ),
        method::<r::Unsubscribe>(
            "Ends a subscription. WebSocket only.",
            vec![param("subscription", true, integer(crate::limits::INTEGER_MAX))],
        ),
    ]
}

fn event_filter() -> Vec<Value> {
    vec![
        param("program", false, program()),
        param("kind", false, integer(u64::from(u16::MAX))),
        param("prefix", false, text(HEX)),
    ]
}

fn program() -> Value {
    let name = json!({ "type": "string", "description": "the program's name" });
    json!({ "anyOf": [integer(u64::from(u32::MAX)), name] })
}

fn method<R: Request>(summary: &str, params: Vec<Value>) -> Value {
    json!({
        "name": R::METHOD,
        "summary": summary,
        "paramStructure": "by-name",
        "params": params,
        "result": { "name": "result", "schema": {} },
    })
}

fn param(name: &str, required: bool, schema: Value) -> Value {
    json!({ "name": name, "required": required, "schema": schema })
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn integer(maximum: u64) -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": maximum })
}
