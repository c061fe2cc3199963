//! What clients and other nodes rely on byte for byte: `docs/PROTOCOL.md` prints the vectors that are made here.

use std::collections::BTreeMap;
use std::fmt::Write;

use proptest::prelude::*;

use heddle_clearing::AccountId;
use heddle_clearing::ClearingCall;
use heddle_clearing::CloseReason;
use heddle_clearing::Closed;
use heddle_clearing::MarketId;
use heddle_clearing::NewOrder;
use heddle_clearing::OrderId;
use heddle_clearing::OrderRef;
use heddle_clearing::Role;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trade;
use heddle_clearing::TradeKind;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_exchange::Action;
use heddle_exchange::ActionResult;
use heddle_exchange::Batch;
use heddle_exchange::BatchMode;
use heddle_exchange::BatchResult;
use heddle_exchange::Book;
use heddle_exchange::Breaker;
use heddle_exchange::Closings;
use heddle_exchange::Env;
use heddle_exchange::Exchange;
use heddle_exchange::ExchangeCall;
use heddle_exchange::ExchangeError;
use heddle_exchange::ExchangeEvent;
use heddle_exchange::ExchangeGenesis;
use heddle_exchange::Market;
use heddle_exchange::MarketMode;
use heddle_exchange::MarketRules;
use heddle_exchange::ModeChange;
use heddle_exchange::ModeChanged;
use heddle_exchange::NewMarket;
use heddle_exchange::Session;
use heddle_exchange::Trades;
use heddle_exchange::limits;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::Ticks;
use heddle_sdk::Program;
use heddle_sdk::Resident;
use heddle_types::Address;
use heddle_types::Amount;
use heddle_types::Canonical;
use heddle_types::Millis;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_types::limits::CALL_BYTES_MAX;
use heddle_types::limits::EVENT_BYTES_MAX;

use crate::venue::RULES;
use crate::venue::buy;
use crate::venue::limit;
use crate::venue::params;
use crate::venue::usd;

const A: Address = Address([0xaa; 32]);
const ACCOUNT: AccountId = AccountId::new(7);
const MARKET: MarketId = MarketId::new(1);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// With everything that an order can have.
fn full_order() -> NewOrder {
    NewOrder {
        client: 77,
        time_in_force: TimeInForce::GoodTillTime(UnixMillis::new(1_700_000_000_000)),
        reduce_only: true,
        self_trade: SelfTrade::DecrementTake,
        trigger: Some(Trigger { when: TriggerWhen::AtOrBelow, price: Ticks::new(590_000) }),
        display: Some(Lots::new(3)),
        ..limit(Side::Sell, 589_000, 10)
    }
}

fn batch(role: Role, mode: BatchMode, actions: Vec<Action>) -> ExchangeCall {
    ExchangeCall::Orders(Batch { account: ACCOUNT, role, market: MARKET, mode, actions })
}

fn actions() -> Vec<Action> {
    let amended = limit(Side::Buy, 600_000, 4);
    vec![
        Action::Place(full_order()),
        Action::Cancel(OrderRef::Number(258)),
        Action::Cancel(OrderRef::Client(77)),
        Action::CancelAll,
        Action::Amend(OrderRef::Number(258), amended),
        Action::CancelAfter(Some(UnixMillis::new(1_700_000_000_000))),
        Action::CancelAfter(None),
    ]
}

fn listing() -> Market {
    Market {
        name: "BTC-PERP".parse().unwrap(),
        price_decimals: 1,
        size_decimals: 3,
        rules: MarketRules {
            breaker: Some(Breaker {
                move_max: Ppm::new(50_000),
                window: Millis::new(60_000),
                auction: Millis::new(30_000),
            }),
            batch: Some(Millis::new(500)),
            notional_min: Quote::new(10_000_000),
            ..RULES
        },
    }
}

fn calls() -> Vec<(&'static str, ExchangeCall)> {
    use BatchMode::AllOrNothing;
    use BatchMode::EachAlone;
    let new = NewMarket { market: listing(), params: params(1) };
    vec![
        ("order", batch(Role::Owner, EachAlone, vec![buy(600_000, 5)])),
        ("batch", batch(Role::Agent, AllOrNothing, actions())),
        ("setMode", ExchangeCall::SetMode(MARKET, ModeChange::Resume)),
        ("createMarket", ExchangeCall::CreateMarket(Box::new(new))),
    ]
}

fn id(account: u32, number: u32) -> OrderId {
    OrderId { account: AccountId::new(account), number }
}

fn events() -> Vec<(&'static str, u16, ExchangeEvent, Vec<u8>)> {
    let results =
        vec![ActionResult::Order(258), ActionResult::Cancelled(3), ActionResult::Refused(1011)];
    let batch = BatchResult { account: ACCOUNT, market: MARKET, results };
    let trade = Trade {
        maker: id(7, 258),
        taker: id(8, 0),
        taker_side: Side::Sell,
        price: Ticks::new(600_000),
        lots: Lots::new(5),
        kind: TradeKind::Continuous,
    };
    let trades = Trades { market: MARKET, trades: vec![trade] };
    let mode = ModeChanged { market: MARKET, mode: MarketMode::Continuous.number() };
    let closed = Closed { id: id(7, 258), lots: Lots::new(5), reason: CloseReason::Expired };
    let closings = Closings { market: MARKET, closed: vec![closed] };
    let bytes = [encode(&batch), encode(&trades), encode(&mode), vec![1, 0], encode(&closings)];
    let events = [
        ("event.batch", ExchangeEvent::Batch(batch)),
        ("event.trades", ExchangeEvent::Trades(trades)),
        ("event.mode", ExchangeEvent::Mode(mode)),
        ("event.created", ExchangeEvent::MarketCreated(MARKET)),
        ("event.closings", ExchangeEvent::Closings(closings)),
    ];
    let numbered = (1..).zip(events).zip(bytes);
    numbered.map(|((kind, (name, event)), bytes)| (name, kind, event, bytes)).collect()
}

fn clearing_calls() -> Vec<(&'static str, ClearingCall)> {
    let (asset, amount, account) = (usd(), Amount::new(258).unwrap(), ACCOUNT);
    let expiry = UnixMillis::new(1_700_000_000_000);
    vec![
        ("open", ClearingCall::Open { sub: 1, isolated: Some(MARKET), asset, amount }),
        ("deposit", ClearingCall::Deposit { account, asset, amount }),
        ("withdraw", ClearingCall::Withdraw { account, asset, amount }),
        ("move", ClearingCall::Move { from: account, to: AccountId::new(8), amount }),
        ("setAgent", ClearingCall::SetAgent { account, agent: A, expiry, budget: Quote::new(258) }),
        ("revokeAgent", ClearingCall::RevokeAgent { account, agent: A }),
        ("donate", ClearingCall::Donate { asset, amount }),
        ("setBackstop", ClearingCall::SetBackstop { account, volunteers: true }),
    ]
}

fn vectors() -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| writeln!(text, "{name:<14} {value}").unwrap();
    for (name, call) in calls() {
        line(name, &hex(&encode(&call)));
    }
    for (name, _, _, bytes) in events() {
        line(name, &hex(&bytes));
    }
    line("market", &hex(&encode(&listing())));
    line("params", &hex(&encode(&params(1))));
    for (name, call) in clearing_calls() {
        line(name, &hex(&encode(&call)));
    }
    text
}

#[test]
fn the_vectors_on_the_protocol_page_are_what_this_code_makes() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/PROTOCOL.md");
    let page = std::fs::read_to_string(path).unwrap();
    let found = page.split("```vectors trading\n").nth(1).and_then(|rest| rest.split("```").next());
    let expected = vectors();
    assert!(found == Some(&expected), "docs/PROTOCOL.md needs these vectors:\n{expected}");
}

#[test]
fn keys_have_their_bytes() {
    let check = |key: StateKey, expected: &str| {
        assert_eq!((key.program(), hex(key.bytes()).as_str()), (ProgramId::EXCHANGE, expected));
    };
    let market = MarketId::new(0x0506);
    check(heddle_exchange::authority_key(), "67");
    check(heddle_exchange::count_key(), "6e");
    check(heddle_exchange::market_key(market), "6d0506");
    check(heddle_exchange::session_key(market), "730506");
    check(heddle_clearing::market_inbox(market), "690506");
    let book = heddle_exchange::book_key(market);
    check(*book.stamp(), "ff06626f6f6b0506");
    check(book.part(b"h").unwrap(), "ff06626f6f6b050668");
    check(book.part(b"o\0\0\x01\x02").unwrap(), "ff06626f6f6b05066f00000102");
}

#[test]
fn an_order_has_its_bytes() {
    let plain =
        ["0000000000000000", "00", "c0270900", "0500000000000000", "00", "00", "00", "00", "00"];
    let order = batch(Role::Owner, BatchMode::EachAlone, vec![buy(600_000, 5)]);
    let head = ["00", "07000000", "00", "0100", "00", "01000000", "00"].concat();
    assert_eq!(hex(&encode(&order)), head + &plain.concat());
    let full = [
        "4d00000000000000",
        "01",
        "c8fc0800",
        "0a00000000000000",
        "010068e5cf8b010000",
        "01",
        "02",
        "0101b0000900",
        "010300000000000000",
    ];
    assert_eq!(hex(&encode(&full_order())), full.concat());
}

#[test]
fn the_modes_of_a_market_and_its_state_have_their_bytes() {
    assert_eq!(hex(&encode(&Session::new())), "00".to_owned() + &"00".repeat(128));
    let (time, bytes) = (UnixMillis::new(258), "0201000000000000");
    let timed = |tag: &str| format!("{tag}{bytes}");
    for (number, (mode, expected)) in [
        (MarketMode::CancelOnly, "00".to_owned()),
        (MarketMode::Opening(time), timed("01")),
        (MarketMode::Continuous, "02".to_owned()),
        (MarketMode::Auction(time), timed("03")),
        (MarketMode::Batch(time), timed("04")),
        (MarketMode::Halted, "05".to_owned()),
        (MarketMode::Frozen, "06".to_owned()),
        (MarketMode::Closed, "07".to_owned()),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(hex(&borsh::to_vec(&mode).unwrap()), expected);
        assert_eq!(usize::from(mode.number()), number);
    }
}

#[test]
fn codes_of_errors_are_one_after_the_other_and_those_of_clearing_follow_a_thousand() {
    for (code, error) in (1..).zip(ExchangeError::ALL) {
        assert_eq!(error.code(), code);
        assert_eq!(Exchange.error(code).unwrap().name, format!("{error:?}"));
    }
    assert_eq!(Exchange.error(11).unwrap().name, "CorruptState");
    assert_eq!(Exchange.error(1011).unwrap().name, "InsufficientMargin");
    assert_eq!((Exchange.error(0), Exchange.error(13), Exchange.error(1000)), (None, None, None));
}

#[test]
fn calls_and_events_are_described_in_words() {
    let words = Exchange.describe_call(&calls()[1].1.to_call().data).unwrap();
    assert_eq!(words.name, "Orders");
    assert_eq!(
        words.fields[2].1,
        "sell 10 @ 589000 until 1700000000000 reduce-only when the mark is at or below 590000 showing 3; \
         cancel #258; cancel client 77; cancel all; amend #258 to buy 4 @ 600000; \
         cancel all at 1700000000000; cancel at no time"
    );
    for (_, kind, event, bytes) in events() {
        assert_eq!(ExchangeEvent::decode(kind, &bytes), Some(event.clone()));
        assert_eq!(Exchange.describe_event(kind, &bytes), Some(event.describe()));
    }
}

#[test]
fn the_longest_of_everything_fits() {
    let most = vec![Action::Amend(OrderRef::Client(1), full_order()); limits::ACTIONS_MAX];
    let longest = encode(&batch(Role::Agent, BatchMode::EachAlone, most));
    assert!(longest.len() <= CALL_BYTES_MAX, "{}", longest.len());
    assert!(decode_exact::<ExchangeCall>(&longest).is_ok());
    for (_, call) in calls() {
        assert_eq!(decode_exact(&encode(&call)), Ok(call));
    }
    let (_, _, event, _) = events().swap_remove(1);
    let ExchangeEvent::Trades(Trades { market, trades }) = event else { panic!() };
    let full = Trades { market, trades: vec![trades[0]; limits::TRADES_PER_EVENT] };
    assert!(encode(&full).len() <= EVENT_BYTES_MAX);
    let closed = Closed { id: id(1, 2), lots: Lots::MAX, reason: CloseReason::BookFull };
    let full = Closings { market, closed: vec![closed; limits::CLOSINGS_PER_EVENT] };
    assert!(encode(&full).len() <= EVENT_BYTES_MAX);
    assert!(encode(&listing()).len() <= Market::BYTES_MAX);
    assert!(encode(&Session::new()).len() <= Session::BYTES_MAX);
}

#[test]
fn a_batch_without_actions_or_with_too_many_is_no_call() {
    for count in [0, limits::ACTIONS_MAX + 1] {
        let call = batch(Role::Owner, BatchMode::EachAlone, vec![Action::CancelAll; count]);
        assert_eq!(Exchange.describe_call(&encode(&call)), None, "{count}");
    }
}

/// A book with orders of every kind, positions and a deadline, in its parts.
fn stored_book() -> BTreeMap<Vec<u8>, Value> {
    let order = |number, order: NewOrder| {
        let NewOrder { side, price, lots, time_in_force, self_trade, trigger, display, .. } = order;
        heddle_clearing::Instruction::Place(heddle_clearing::Place {
            id: id(number % 3, number),
            side,
            price,
            lots,
            time_in_force,
            reduce_only: false,
            self_trade,
            trigger,
            display,
            is_liquidation: false,
        })
    };
    let mut all: Vec<_> = (0..40).map(|n| order(n, limit(Side::Buy, 900 + n, 5))).collect();
    all.extend((40..60).map(|n| order(n, limit(Side::Sell, 935 + n % 9, 2))));
    all.push(order(60, full_order()));
    let iceberg = NewOrder { display: Some(Lots::new(1)), ..limit(Side::Sell, 990, 9) };
    all.push(order(61, iceberg));
    all.push(heddle_clearing::Instruction::CancelAfter(ACCOUNT, Some(UnixMillis::new(9_000_000))));
    let env = Env { mark: Some(Ticks::new(600_000)), ..Env::continuous(UnixMillis::new(5)) };
    let mut book = Book::new();
    book.run_block(&env, &all, &mut Vec::new());
    let mut parts = BTreeMap::new();
    book.flush(&mut |suffix, value| {
        parts.extend(value.map(|value| (suffix.to_vec(), value)));
    });
    parts
}

fn load(parts: &BTreeMap<Vec<u8>, Value>) -> Result<Book, heddle_exchange::Corrupt> {
    Book::load(&mut |suffix| parts.get(suffix).cloned())
}

fn is_read_or_refused<T: Canonical>(bytes: &[u8]) {
    if let Ok(value) = decode_exact::<T>(bytes) {
        assert_eq!(encode(&value), bytes);
    }
}

fn all_decoders(bytes: &[u8]) {
    is_read_or_refused::<ExchangeCall>(bytes);
    is_read_or_refused::<ExchangeGenesis>(bytes);
    is_read_or_refused::<Market>(bytes);
    is_read_or_refused::<Session>(bytes);
    is_read_or_refused::<BatchResult>(bytes);
    is_read_or_refused::<Trades>(bytes);
    is_read_or_refused::<Closings>(bytes);
    is_read_or_refused::<ModeChanged>(bytes);
    is_read_or_refused::<heddle_clearing::Instructions>(bytes);
    is_read_or_refused::<heddle_clearing::Outcomes>(bytes);
    is_read_or_refused::<ClearingCall>(bytes);
    let _words = Exchange.describe_call(bytes);
    for kind in 0..8 {
        let _words = Exchange.describe_event(kind, bytes);
    }
}

/// Bytes that nearly are something.
fn examples() -> Vec<Vec<u8>> {
    let genesis = ExchangeGenesis { authority: A, markets: vec![listing(), listing()] };
    let mut all: Vec<_> = calls().iter().map(|(_, call)| encode(call)).collect();
    all.extend(clearing_calls().iter().map(|(_, call)| encode(call)));
    all.extend(events().into_iter().map(|(_, _, _, bytes)| bytes));
    all.extend([encode(&genesis), encode(&listing()), encode(&Session::new())]);
    all
}

/// Changes some bytes, and perhaps the length.
fn spoil(mut bytes: Vec<u8>, changes: &[(usize, u8)], len: Option<usize>) -> Vec<u8> {
    for (place, byte) in changes {
        let at = place % bytes.len().max(1);
        if let Some(place) = bytes.get_mut(at) {
            *place = *byte;
        }
    }
    if let Some(len) = len {
        bytes.resize(len % (bytes.len() + 8), 0);
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_are_refused_or_read_back(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        all_decoders(&bytes);
    }

    #[test]
    fn spoilt_bytes_are_refused_or_read_back(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        len in prop::option::weighted(0.2, any::<usize>()),
    ) {
        let examples = examples();
        all_decoders(&spoil(examples[which.index(examples.len())].clone(), &changes, len));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A book that is read is the one whose parts they are.
    #[test]
    fn spoilt_parts_are_refused_or_make_a_book(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        len in prop::option::weighted(0.1, any::<usize>()),
    ) {
        let mut parts = stored_book();
        let suffix = parts.keys().nth(which.index(parts.len())).unwrap().clone();
        let spoilt = spoil(parts[&suffix].as_bytes().to_vec(), &changes, len);
        parts.insert(suffix, Value::new(&spoilt));
        if let Ok(book) = load(&parts) {
            let _image = book.image();
            let _summary = book.summary();
            let _found = book.audit(heddle_exchange::Matching::Continuous);
        }
    }
}

#[test]
fn parts_that_are_not_spoilt_make_the_book_again() {
    let parts = stored_book();
    let kinds: std::collections::BTreeSet<_> = parts.keys().map(|suffix| suffix[0]).collect();
    assert_eq!(kinds, [b'h', b'o', b't'].into());
    let book = load(&parts).unwrap();
    assert_eq!(book.audit(heddle_exchange::Matching::Continuous), Ok(()));
    assert!(book.len() > 30);
}
