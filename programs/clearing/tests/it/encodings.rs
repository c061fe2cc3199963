//! What clients and other nodes rely on byte for byte, and that nothing in state is ever longer than it may be.

use proptest::prelude::*;

use heddle_clearing::Account;
use heddle_clearing::AccountId;
use heddle_clearing::Agent;
use heddle_clearing::Basis;
use heddle_clearing::BookSummary;
use heddle_clearing::Clearing;
use heddle_clearing::ClearingCall;
use heddle_clearing::ClearingError;
use heddle_clearing::ClearingEvent;
use heddle_clearing::Exposure;
use heddle_clearing::Instruction;
use heddle_clearing::Instructions;
use heddle_clearing::Lane;
use heddle_clearing::LossBasis;
use heddle_clearing::MarketId;
use heddle_clearing::MarketParams;
use heddle_clearing::MarketState;
use heddle_clearing::MarketStatus;
use heddle_clearing::OpenOrders;
use heddle_clearing::OrderId;
use heddle_clearing::OrderSums;
use heddle_clearing::Place;
use heddle_clearing::Premiums;
use heddle_clearing::RiskTable;
use heddle_clearing::SelfTrade;
use heddle_clearing::Side;
use heddle_clearing::TimeInForce;
use heddle_clearing::Trigger;
use heddle_clearing::TriggerWhen;
use heddle_clearing::Venue;
use heddle_clearing::limits::MARKETS_MAX;
use heddle_clearing::limits::ORDERS_PER_MARKET_MAX;
use heddle_num::Lots;
use heddle_num::Ppm;
use heddle_num::Quote;
use heddle_num::SignedLots;
use heddle_num::Ticks;
use heddle_oracle::Quality;
use heddle_sdk::Program;
use heddle_types::Address;
use heddle_types::Canonical;
use heddle_types::Height;
use heddle_types::StateKey;
use heddle_types::UnixMillis;
use heddle_types::Value;
use heddle_types::decode_exact;
use heddle_types::encode;
use heddle_types::limits::VALUE_BYTES_MAX;

use crate::chain::params;
use crate::chain::summary;
use crate::chain::units;
use crate::chain::usd;
use crate::world::M;
use crate::world::account;
use crate::world::order;
use crate::world::row;
use crate::world::table;

const A: Address = Address([0xaa; 32]);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_have_their_bytes() {
    let check = |key: StateKey, expected: &str| {
        assert_eq!((key.program().0, hex(key.bytes())), (3, expected.to_owned()));
    };
    let (account, market) = (AccountId::new(0x0102_0304), MarketId::new(0x0506));
    let address = "aa".repeat(32);
    check(heddle_clearing::account_key(account), "6101020304");
    check(heddle_clearing::orders_key(account, market), "77010203040506");
    check(heddle_clearing::owner_key(&A, 7), &format!("69{address}07"));
    check(heddle_clearing::agent_key(account, &A), &format!("6701020304{address}"));
    check(heddle_clearing::params_key(market), "6d0506");
    check(heddle_clearing::market_state_key(market), "730506");
    check(heddle_clearing::book_summary_key(market), "620506");
    check(heddle_clearing::outcome_inbox(market), "6f0506");
    check(heddle_clearing::risk_table_key(), "74");
    check(heddle_clearing::venue_key(), "76");
    check(heddle_clearing::next_account_key(), "6e");
    check(heddle_clearing::backstops_key(), "6b");
    check(
        heddle_clearing::suspense_key(account, Height::new(9), 1),
        "780102030400000000000000090001",
    );
    let lanes =
        [Lane::Insurance, Lane::Fees, Lane::Dust, Lane::Accounts, Lane::Suspense, Lane::Vault];
    for (number, lane) in lanes.into_iter().enumerate() {
        check(lane.key(), &format!("6c{number:02x}"));
    }
    check(Lane::Funding(market).key(), "660506");
    check(Lane::SharedLoss(market).key(), "700506");
    check(Lane::Lots(market).key(), "7a0506");
}

#[test]
fn an_account_and_its_orders_have_their_bytes() {
    let (mut account, mut orders) = (account(1_000_000), OpenOrders::default());
    account.place(&mut orders, &table(&[row(0)]), M, &order(Side::Buy, 1001, 3)).unwrap();
    assert_eq!(
        hex(&encode(&account)),
        [
            "07000000",
            &"07".repeat(32),
            "00",
            "00",
            "00",
            "00",
            "00",
            "01000000",
            "40420f00000000000000000000000000",
            "00000000",
            &"00".repeat(32),
            "01000000",
            "0000",
            "0000000000000000",
            &"00".repeat(48),
            "0300000000000000",
            &"00".repeat(24),
            // 3 x (10 + 5).
            "2d000000000000000000000000000000",
            &"00".repeat(16),
            "e8030000c201000050c30000",
        ]
        .concat()
    );
    let expected = "01000000000000000000000000000000";
    assert_eq!(hex(&encode(&orders)), format!("{expected}0000e90300000300000000000000"));
}

#[test]
fn an_order_on_its_way_to_a_market_has_its_bytes() {
    let place = Place {
        id: OrderId { account: AccountId::new(0x0403_0201), number: 5 },
        side: Side::Sell,
        price: Ticks::new(6),
        lots: Lots::new(7),
        time_in_force: TimeInForce::GoodTillTime(UnixMillis::new(8)),
        reduce_only: true,
        self_trade: SelfTrade::DecrementTake,
        trigger: Some(Trigger { when: TriggerWhen::AtOrBelow, price: Ticks::new(9) }),
        display: Some(Lots::new(10)),
        is_liquidation: true,
    };
    let expected = [
        "0102030405000000",
        "01",
        "06000000",
        "0700000000000000",
        "010800000000000000",
        "01",
        "02",
        "010109000000",
        "010a00000000000000",
        "01",
    ];
    assert_eq!(hex(&encode(&place)), expected.concat());
    let plain = Place { trigger: None, display: None, is_liquidation: false, ..place };
    for order in [place, plain] {
        let all = Instructions(vec![Instruction::Place(order), Instruction::Cancel(order.id)]);
        assert_eq!(decode_exact(&encode(&all)), Ok(all));
    }
}

/// The longest value of each type is no longer than it may be, and fits a value; what is as long is read back.
fn fits<T: Canonical + PartialEq + std::fmt::Debug>(longest: &T) {
    let bytes = encode(longest);
    assert!(bytes.len() <= T::BYTES_MAX, "{}: {} > {}", T::NAME, bytes.len(), T::BYTES_MAX);
    assert!(T::BYTES_MAX <= VALUE_BYTES_MAX, "{}", T::NAME);
    assert_eq!(decode_exact::<T>(&bytes).as_ref(), Ok(longest));
}

#[test]
fn the_longest_of_everything_fits() {
    let mut account = Account::new(AccountId::new(u32::MAX), A, u8::MAX);
    account.isolated = Some(MarketId::new(1));
    let orders = OrderSums {
        loss: Quote::MAX,
        basis: LossBasis { mark: Ticks::MAX, fee: Ppm::MAX, covered: Ppm::MAX },
        ..OrderSums::NONE
    };
    let exposure = |market| Exposure {
        lots: SignedLots::MIN,
        orders,
        ..Exposure::new(MarketId::new(market), i128::MIN, i128::MAX)
    };
    account.exposures = (0..64).map(exposure).collect();
    assert_eq!(account.exposures.len(), MARKETS_MAX);
    fits(&account);
    fits(&full_orders());
    fits(&params());
    fits(&summary(1, 2, 3));
    fits(&Agent { expiry: UnixMillis::new(u64::MAX), budget: Quote::MAX });
    fits(&Venue { authority: A, asset: usd(), fee_volumes: [Quote::MAX; 4], markets: 64 });
    fits(&MarketState {
        status: MarketStatus::Closed,
        quality: Quality::ALL,
        mark: Ticks::MAX,
        index: Ticks::MAX,
        basis: Basis::NONE,
        funding: i128::MIN,
        loss: i128::MAX,
        funding_rate: i64::MIN,
        premiums: Premiums::NONE,
    });
    fits(&ClearingCall::SetParams { params: Box::new(params()) });
}

fn full_orders() -> OpenOrders {
    let (mut account, mut orders) = (account(1 << 100), OpenOrders::default());
    let risk = table(&[row(0)]);
    for _ in 0..ORDERS_PER_MARKET_MAX {
        account.place(&mut orders, &risk, M, &order(Side::Buy, 1000, 1)).unwrap();
    }
    orders
}

#[test]
fn codes_of_errors_are_one_after_the_other_and_have_a_text() {
    for (code, error) in (1..).zip(ClearingError::ALL) {
        assert_eq!(error.code(), code);
        let text = Clearing.error(code).unwrap();
        assert_eq!(text.name, format!("{error:?}"));
        assert!(!text.message.is_empty());
    }
    assert_eq!(Clearing.error(0), None);
}

#[test]
fn a_call_and_an_event_are_described_in_words() {
    let call =
        ClearingCall::Withdraw { account: AccountId::new(3), asset: usd(), amount: units(70) };
    let words = Clearing.describe_call(&call.to_call().data).unwrap();
    assert_eq!(words.name, "Withdraw");
    let fields = [("account", "3"), ("asset", "USD"), ("amount", "70")];
    assert_eq!(words.fields, fields.map(|(name, text)| (name, text.to_owned())));
    let funding =
        heddle_clearing::FundingPaid { market: M, rate: -5, index: 9, price: Ticks::new(8) };
    let words = Clearing.describe_event(11, &encode(&funding)).unwrap();
    assert_eq!(words, ClearingEvent::from(funding).describe());
    let fields = [("market", "0"), ("ratePpm", "-5"), ("index", "9"), ("price", "8")];
    assert_eq!(words.fields, fields.map(|(name, text)| (name, text.to_owned())));
}

fn is_read_or_refused<T: Canonical>(bytes: &[u8]) {
    if let Ok(value) = decode_exact::<T>(bytes) {
        assert_eq!(encode(&value), bytes);
    }
}

proptest! {
    /// Whatever bytes come, they are refused, or are exactly the bytes of what is read.
    #[test]
    fn any_bytes_are_refused_or_read_back(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        is_read_or_refused::<Account>(&bytes);
        is_read_or_refused::<OpenOrders>(&bytes);
        is_read_or_refused::<MarketParams>(&bytes);
        is_read_or_refused::<MarketState>(&bytes);
        is_read_or_refused::<BookSummary>(&bytes);
        is_read_or_refused::<ClearingCall>(&bytes);
        let _read = RiskTable::from_value(Value::new(&bytes)).map(|table| table.rows().count());
        for kind in 0..32 {
            let _words = Clearing.describe_event(kind, &bytes);
        }
    }
}
