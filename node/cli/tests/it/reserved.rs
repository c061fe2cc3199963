//! Four validators whose pools hold a hundred blocks of transfers, and what has room of its own beside them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::MarketId;
use heddle_clearing::Role;
use heddle_exchange::Action;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::ExchangeCall;
use heddle_ledger::transfer_call;
use heddle_types::Access;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::Call;
use heddle_types::Height;
use heddle_types::Nonce;
use heddle_types::Transaction;
use heddle_types::TransactionBody;
use heddle_types::encode;
use heddle_validator::home::KeyFile;
use serde_json::Value;
use serde_json::json;

use super::heddle;
use super::http;
use super::net::Net;
use super::net::VALIDATORS;
use super::net::eventually;

/// Transactions of a block.
const FITS: u64 = 8;
/// Of each of the ten accounts: all together are five hundred blocks.
const TRANSFERS: u64 = 400;
/// Of each kind, before the flood and in it.
const SAMPLES: u64 = 6;
/// Blocks that it takes at the median from the highest certified one: the one that is being voted on, and the few that a forwarded
/// transaction is late for.
const BLOCKS_MEDIAN_MAX: u64 = 8;
/// And at most, on a machine that has so much else to do that a process stands still meanwhile: a tenth of what waits.
const BLOCKS_MAX: u64 = 50;

const FLOOD_LANE: u8 = 1;
const LANE: u8 = 2;

/// An account of the localnet, at a node of its own.
struct Sender {
    key: KeyFile,
    node: usize,
    account: AccountId,
    next: u64,
}

impl Sender {
    fn new(net: &Net, name: &str, node: usize) -> Self {
        let key = KeyFile::read(Path::new(&net.key_file(name))).unwrap();
        let params = json!({ "address": net.account(name) });
        let account = net.call(node, "getMarginAccount", params)["account"].as_u64().unwrap();
        let account = AccountId::new(u32::try_from(account).unwrap());
        Self { key, node, account, next: 0 }
    }

    fn sign(&self, net: &Net, (lane, sequence): (u8, u64), call: Call) -> String {
        let body = TransactionBody {
            version: TransactionBody::VERSION,
            chain: net.chain().parse().unwrap(),
            sender: self.key.address(),
            payer: None,
            nonce: Nonce::Lane { lane, sequence },
            valid_until: Height::new(u64::MAX),
            max_fee: Amount::from_units(10_000_000),
            access: Access::DERIVED,
            calls: vec![call],
        };
        format!("0x{}", hex::encode(encode(&Transaction::sign(body, self.key.secret()))))
    }

    /// Sends what takes reserved space, and waits: the blocks that it took, its fee, and what its node held besides.
    fn send(&mut self, net: &Net, call: Call) -> (u64, String, u64) {
        let transaction = self.sign(net, (LANE, self.next), call);
        self.next += 1;
        let status = net.status(self.node).unwrap();
        let params = json!({ "transaction": transaction, "timeoutMs": 10_000 });
        let done = net.call(self.node, "sendTransactionAndWait", params);
        assert_eq!(done["receipt"]["ok"], true, "{done}");
        let blocks = done["height"].as_u64().unwrap() - status["height"].as_u64().unwrap();
        let fee = done["receipt"]["feePaid"].as_str().unwrap().to_owned();
        (blocks, fee, status["mempool"]["transactions"].as_u64().unwrap())
    }

    fn cancel(&self) -> Call {
        let batch = Batch {
            account: self.account,
            role: Role::Owner,
            market: MarketId::new(0),
            mode: BatchMode::AllOrNothing,
            actions: vec![Action::CancelAll],
        };
        ExchangeCall::Orders(batch).to_call()
    }

    fn deposit(&self) -> Call {
        let (account, amount) = (self.account, Amount::from_units(1));
        ClearingCall::Deposit { account, asset: "USD".parse().unwrap(), amount }.to_call()
    }

    /// Sends many transfers at once; the id of the last.
    fn flood(&self, net: &Net) -> String {
        let call = || transfer_call(Address::default(), AssetId::HDL, Amount::from_units(1));
        let sent: Vec<_> = (0..TRANSFERS)
            .map(|sequence| {
                let transaction = self.sign(net, (FLOOD_LANE, sequence), call());
                json!({ "jsonrpc": "2.0", "id": sequence, "method": "sendTransaction", "params": { "transaction": transaction } })
            })
            .collect();
        let mut last = String::new();
        for batch in sent.chunks(100) {
            let body = Value::from(batch).to_string();
            let (code, reply) = http::post(&net.address_of(self.node), body.as_bytes()).unwrap();
            assert_eq!(code, 200);
            let replies: Vec<Value> = serde_json::from_slice(&reply).unwrap();
            let id = |reply: &Value| reply["result"]["id"].as_str().map(str::to_owned);
            last = replies
                .iter()
                .map(|reply| id(reply).unwrap_or_else(|| panic!("{reply}")))
                .next_back()
                .unwrap();
        }
        last
    }
}

/// What cancels and deposits take and cost: blocks, fees, what waited.
fn measure(net: &Net, senders: &mut [Sender]) -> Vec<(u64, String, u64)> {
    let mut all = Vec::new();
    for n in 0..SAMPLES {
        let sender = &mut senders[usize::try_from(n).unwrap() % VALIDATORS];
        let (cancel, deposit) = (sender.cancel(), sender.deposit());
        all.push(sender.send(net, cancel));
        all.push(sender.send(net, deposit));
    }
    all
}

#[test]
fn cancels_and_deposits_cost_and_take_the_same_with_a_hundred_blocks_waiting() {
    let net = Net::init();
    for index in 0..VALIDATORS {
        let path = format!("{}/config.toml", net.validator(index));
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("block_transactions = {FITS}\n{config}")).unwrap();
    }
    net.start_again();
    let names =
        ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"];
    let mut senders: Vec<_> = (0..)
        .zip(names)
        .map(|(number, name)| Sender::new(&net, name, number % VALIDATORS))
        .collect();
    let order = ["order", "buy", "BTC-PERP", "0.01", "@58000", "--as", "alice"];
    let placed = heddle(&[&order[..], &["--home", &net.home, "--json"]].concat());
    assert_eq!(placed.code, 0, "{}", placed.stderr);
    eventually("an open market", Duration::from_secs(30), || is_open(&net).then_some(()));
    let quiet = measure(&net, &mut senders);

    let last: Vec<_> = senders.iter().map(|sender| sender.flood(&net)).collect();
    let flooded = measure(&net, &mut senders);
    for (before, during) in quiet.iter().zip(&flooded) {
        assert!(during.2 >= 100 * FITS, "what waits is a hundred times what fits: {flooded:?}");
        assert_eq!(before.1, during.1, "fees");
    }
    for measured in [&quiet, &flooded] {
        let mut blocks: Vec<u64> = measured.iter().map(|(blocks, ..)| *blocks).collect();
        blocks.sort_unstable();
        let (median, most) = (blocks[blocks.len() / 2], blocks[blocks.len() - 1]);
        assert!(median <= BLOCKS_MEDIAN_MAX && most <= BLOCKS_MAX, "{quiet:?} {flooded:?}");
    }
    // What was sent before them still waits.
    for (sender, id) in senders.iter().zip(&last) {
        let info = net.call(sender.node, "getTransaction", json!({ "id": id }));
        assert_eq!(info["status"], "pending");
    }
    // Prices had their room too.
    assert!(is_open(&net));
    assert_roots_agree(&net);
}

/// Whether the first market trades, which it does while its prices are fresh.
fn is_open(net: &Net) -> bool {
    net.call(0, "getMarkets", json!({}))[0]["mode"] == "continuous"
}

/// The nodes have the same, and blocks hold no more than they were told.
fn assert_roots_agree(net: &Net) {
    let block = net.common_block(net.highest());
    assert!(block["transactionIds"].as_array().unwrap().len() <= usize::try_from(FITS).unwrap());
}
