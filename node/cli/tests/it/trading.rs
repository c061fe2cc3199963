//! Trading on a localnet as a new user does it: its markets, its price feed, orders, positions.

use std::fs;
use std::time::Duration;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;
use serde_json::json;

use super::Said;
use super::fails;
use super::heddle;
use super::net::Net;
use super::net::eventually;
use super::net::send_signal;

/// How long a market has until it is open, from the moment that its localnet is ready.
const OPEN: Duration = Duration::from_secs(30);

fn start(args: &[&str]) -> Net {
    let net = Net::init();
    net.localnet(&[&["start", "--detach", "--seed", "7"], args].concat());
    net
}

/// What `heddle ARGS --home HOME` says.
fn try_say(net: &Net, args: &[&str]) -> Said {
    heddle(&[args, &["--home", &net.home]].concat())
}

/// The same with `--json`, which must succeed.
fn say(net: &Net, args: &[&str]) -> Value {
    let said = try_say(net, &[args, &["--json"]].concat());
    assert_eq!(said.code, 0, "{args:?}: {} {}", said.stdout, said.stderr);
    said.json()
}

fn refused(net: &Net, code: i32, args: &[&str], words: &[&str]) {
    fails(code, &[args, &["--home", &net.home]].concat(), words);
}

fn market(net: &Net, number: usize) -> Value {
    net.call(0, "getMarkets", json!({}))[number].clone()
}

fn await_mode(net: &Net, mode: &str) {
    eventually(mode, OPEN, || (market(net, 0)["mode"] == mode).then_some(()));
}

/// Who holds how many lots of BTC-PERP; none of an account without a position.
fn lots(net: &Net, name: &str) -> Option<String> {
    let account = say(net, &["position", "--as", name]);
    let position = account["positions"].as_array().unwrap().first().cloned()?;
    Some(position["lots"].as_str().unwrap().to_owned())
}

#[test]
fn a_new_user_trades_within_a_minute() {
    let began = Instant::now();
    let net = start(&[]);
    // Orders are taken as soon as it is ready, and collect until the market opens.
    assert_ne!(market(&net, 0)["mode"], "cancelOnly");
    let mark = market(&net, 0)["markUi"].as_str().unwrap().to_owned();
    let price = format!("@{mark}");

    let bid = say(&net, &["order", "buy", "BTC-PERP", "0.1", &price, "--as", "alice"]);
    assert_eq!(bid["order"]["state"], "resting", "{bid}");
    let number = bid["order"]["number"].to_string();
    let book = say(&net, &["market", "BTC-PERP", "--depth", "1"])["book"].clone();
    assert_eq!(book["bids"][0]["priceUi"], mark.as_str());
    assert_eq!(book["bids"][0]["lots"], "100");
    await_mode(&net, "continuous");

    let ask = say(&net, &["order", "sell", "btc-perp", "0.04", "market", "--as", "bob"]);
    assert_eq!(ask["order"]["state"], "filled", "{ask}");
    assert_eq!(ask["order"]["averagePriceUi"], mark.as_str());
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());

    assert_eq!(lots(&net, "alice").as_deref(), Some("40"));
    assert_eq!(lots(&net, "bob").as_deref(), Some("-40"));
    let open = say(&net, &["order", "list", "--as", "alice"]);
    assert_eq!(
        (open[0]["number"].to_string(), open[0]["lots"].as_str()),
        (number.clone(), Some("60"))
    );
    let trades = say(&net, &["market", "trades", "BTC-PERP"]);
    assert_eq!(
        (trades[0]["side"].as_str(), trades[0]["lots"].as_str()),
        (Some("sell"), Some("40"))
    );

    let cancelled = say(&net, &["order", "cancel", "BTC-PERP", &number, "--as", "alice"]);
    assert_eq!(cancelled["cancelled"], 1);
    assert_eq!(say(&net, &["order", "list", "--as", "alice"]), json!([]));
    refused(&net, 1, &["order", "cancel", "BTC-PERP", &number, "--as", "alice"], &["UnknownOrder"]);

    // All of it is the same on every node, and stands up to being executed again.
    let height = net.highest();
    net.common_block(height);
    net.localnet(&["stop"]);
    net.verify(1);

    // What happened before a start is still told.
    net.localnet(&["start", "--detach", "--no-feed"]);
    assert_eq!(say(&net, &["market", "trades", "BTC-PERP"])[0], trades[0]);
    assert_eq!(net.manifest()["feed"]["pid"], Value::Null);
}

#[test]
fn orders_say_what_became_of_them_or_what_is_wrong_with_them() {
    let net = start(&["--market-maker"]);
    await_mode(&net, "continuous");
    eventually("quotes", OPEN, || market(&net, 0)["bestAsk"].as_str().map(|_| ()));
    let wrong = |args: &str, code, words: &[&str]| {
        let args: Vec<&str> = args.split(' ').collect();
        refused(&net, code, &args, words);
    };
    wrong("order buy BTC-PERP 0.1234 @60000 --as alice", 2, &["BTC-PERP's lot, 0.001"]);
    wrong("order buy BTC-PERP 0.1 @60000.55 --as alice", 2, &["BTC-PERP's tick, 0.1"]);
    wrong("order buy DOGE-PERP 0.1 @1 --as alice", 2, &["expected one of BTC-PERP, ETH-PERP"]);
    wrong("order buy BTC-PERP 0.1 @1 --as nobody", 2, &["alice, bob", "faucet"]);
    wrong("order buy BTC-PERP 0.1 @1", 2, &["--as NAME", "--from KEYFILE"]);
    wrong("order buy BTC-PERP 0.1 @69999 --as alice", 1, &["PriceOutsideBand"]);
    wrong("order buy BTC-PERP 99 @60000 --as alice", 1, &["InsufficientMargin", "position"]);
    wrong("order sell BTC-PERP 1 @60000 --reduce-only --as dave", 1, &["NothingToReduce"]);
    wrong("order buy BTC-PERP 0.1 @62000 --post-only --as alice", 1, &["post-only"]);
    wrong("order buy BTC-PERP 50 @60500 --fok --as faucet", 1, &["found none", "deposit"]);

    let bought = say(&net, &["order", "buy", "BTC-PERP", "0.1", "market", "--as", "alice"]);
    assert_eq!(bought["order"]["state"], "filled", "{bought}");
    let stop = ["order", "sell", "BTC-PERP", "0.1", "market", "--stop", "50000", "--reduce-only"];
    let stop = say(&net, &[&stop[..], &["--as", "alice"]].concat());
    assert_eq!(stop["order"]["state"], "waiting", "{stop}");
    let listed = say(&net, &["order", "list", "--market", "BTC-PERP", "--as", "alice"]);
    assert_eq!(listed[0]["trigger"]["priceUi"], "50000.0");
    assert_eq!(listed[0]["timeInForce"], "immediateOrCancel");
    let position = say(&net, &["position", "--as", "alice"]);
    assert_eq!(position["positions"][0]["sizeUi"], "0.100");
    let all = say(&net, &["order", "cancel-all", "BTC-PERP", "--as", "alice"]);
    assert_eq!(all["cancelled"], 1);
    let text = try_say(&net, &["position", "--as", "alice"]).stdout;
    assert!(text.contains("liquidation at") && text.contains("BTC-PERP"), "{text}");
}

#[test]
fn collateral_goes_in_and_out_and_agents_trade_but_do_not_withdraw() {
    let net = start(&[]);
    await_mode(&net, "continuous");
    // Another sub-account, which begins with what is paid in.
    let sub = ["--sub", "1", "--as", "carol"];
    let at_sub = |args: &[&str]| say(&net, &[args, &sub[..]].concat());
    refused(&net, 1, &["position", "--sub", "1", "--as", "carol"], &["found none", "deposit"]);
    at_sub(&["position", "deposit", "1000"]);
    at_sub(&["position", "deposit", "500.5"]);
    at_sub(&["position", "withdraw", "0.5"]);
    assert_eq!(at_sub(&["position"])["cash"], "1500000000");
    let much = ["position", "withdraw", "2000", "--sub", "1", "--as", "carol"];
    refused(&net, 1, &much, &["InsufficientCollateral"]);

    let number = at_sub(&["position"])["account"].to_string();
    let dave = net.account("dave");
    at_sub(&["position", "agent", "add", &dave, "--budget", "10000"]);
    let mark = market(&net, 0)["markUi"].as_str().unwrap().to_owned();
    let buy = |size: &str| {
        let order = ["order", "buy", "BTC-PERP", size, &format!("@{mark}"), "--as", "dave"];
        try_say(&net, &[&order[..], &["--account", &number, "--json"]].concat())
    };
    assert_eq!(buy("0.1").code, 0);
    assert!(buy("0.1").stderr.contains("AgentBudget"));
    let take = ["position", "withdraw", "1", "--account", &number, "--as", "dave"];
    refused(&net, 1, &take, &["NotAuthorised"]);
    at_sub(&["position", "agent", "revoke", &dave]);
    assert!(buy("0.01").stderr.contains("NotAuthorised"));
}

#[test]
fn without_its_feed_a_market_takes_cancels_only_and_the_feed_ends_with_its_localnet() {
    let net = start(&["--market-maker"]);
    await_mode(&net, "continuous");
    let pid = |net: &Net| net.manifest()["feed"]["pid"].as_u64();
    let feed = pid(&net).unwrap();
    refused(&net, 1, &["localnet", "feed"], &["running as process"]);

    // A validator that is down is no reason to stop.
    net.localnet(&["kill", "0"]);
    let mark = |index: usize| net.call(index, "getMarkets", json!({}))[0]["index"].clone();
    let before = mark(1);
    eventually("another price", OPEN, || (mark(1) != before).then_some(()));
    net.localnet(&["start-one", "0"]);

    send_signal(feed, Signal::KILL);
    eventually("the end of the feed", OPEN, || pid(&net).is_none().then_some(()));
    let old = Duration::from_secs(100);
    eventually("cancels only", old, || (market(&net, 0)["mode"] == "cancelOnly").then_some(()));
    let order = ["order", "buy", "BTC-PERP", "0.1", "@60000", "--as", "alice"];
    refused(&net, 1, &order, &["MarketClosed"]);

    // Started again, and then left alone by the process that started it.
    net.localnet(&["stop"]);
    net.localnet(&["start", "--detach"]);
    await_mode(&net, "continuous");
    let (feed, supervisor) = (pid(&net).unwrap(), net.manifest()["pid"].as_u64().unwrap());
    send_signal(supervisor, Signal::KILL);
    let is_gone = || fs::metadata(format!("/proc/{feed}/stat")).is_err().then_some(());
    eventually("the end of an orphaned feed", OPEN, is_gone);
    net.localnet(&["stop"]);
}
