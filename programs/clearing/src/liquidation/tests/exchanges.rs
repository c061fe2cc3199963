use proptest::prelude::*;

use heddle_oracle::Quality;
use heddle_types::Address;

use super::*;
use crate::account::Account;
use crate::exposure::Exposure;
use crate::margin::sum;
use crate::params::FeeRates;
use crate::params::LiquidationParams;
use crate::params::MarginTier;
use crate::risk_table::MarketStatus;
use crate::risk_table::RiskRow;

fn holder(lots: i64, entry: i128) -> Account {
    let mut account = Account::new(AccountId::new(1), Address([1; 32]), 0);
    if lots != 0 {
        let exposure = Exposure::new(MarketId::new(0), 0, 0);
        let (lots, entry) = (SignedLots::new(lots), Quote::new(entry));
        account.exposures.push(Exposure { lots, entry, ..exposure });
    }
    account
}

fn row() -> RiskRow {
    let rate = Ppm::new(50_000);
    let tier = MarginTier { notional_max: Quote::MAX, initial: rate, maintenance: rate };
    RiskRow {
        market: MarketId::new(0),
        status: MarketStatus::Active,
        quality: Quality::ALL,
        mark: Ticks::new(1_000),
        index: Ticks::new(1_000),
        unit: UNIT,
        funding: 0,
        loss: 0,
        tiers: [tier; 4],
        fees: [FeeRates::default(); 4],
        fee_max: Ppm::ZERO,
        open_interest_max: Lots::MAX,
        position_max: Lots::MAX,
        liquidation: LiquidationParams {
            slice: Ppm::new(200_000),
            slice_notional_min: Quote::ZERO,
            fee_max: Ppm::ZERO,
            bankruptcy_adjustment: Ppm::ONE,
            spread_to_maintenance: Ppm::ZERO,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn an_exchange_moves_what_is_paid_and_nothing_else(
        lots in -1_000_i64..1_000,
        entry in -1_000_000_i128..1_000_000,
        change in -2_000_i64..2_000,
        paid in -5_000_000_i128..5_000_000,
    ) {
        prop_assume!(change != 0);
        let before = holder(lots, entry);
        let mut after = before.clone();
        let exchange = Exchange { lots: SignedLots::new(change), paid: Quote::new(paid) };
        let settled = after.exchange(&row(), &exchange).unwrap();
        let held = before.net().unwrap().get();
        prop_assert_eq!(after.net().unwrap().get() - held, -paid);
        prop_assert_eq!(after.cash, sum(before.cash, settled.realised).unwrap());
        let now = after.exposure(MarketId::new(0)).map_or(0, |exposure| exposure.lots.get());
        prop_assert_eq!(now, lots + change);
        prop_assert!(now != 0 || after.exposures.is_empty());
    }

    /// The fee that settlement takes is dYdX's insurance fund delta, whatever else the account holds.
    #[test]
    fn the_insurance_fee_is_the_insurance_fund_delta(
        lots in 1_i64..1_000, part in 1_i64..1_000, is_long in any::<bool>(),
        margin in 1_i128..100, other in (0_i128..100_000, -100_000_i128..100_000),
        slippage in -20_000_i128..20_000, fee_max in 0_i32..20_000,
    ) {
        let sign = if is_long { 1 } else { -1 };
        let (position, delta) = (SignedLots::new(lots * sign), SignedLots::new(-part.min(lots) * sign));
        let marked = |lots: SignedLots| Some(Marked {
            value: lots.value(Ticks::new(1_000), UNIT),
            maintenance: Quote::new(i128::from(lots.abs().get()) * margin),
        });
        let maintenance = |lots: SignedLots| marked(lots).unwrap().maintenance.get() + other.0;
        let before = health(maintenance(position) + other.1, maintenance(position));
        let fair = delta.value(Ticks::new(1_000), UNIT).get();
        let traded = Quote::new(-fair + slippage);
        let rest = position.checked_add(delta).unwrap();
        let after = health(before.equity.get() + slippage, maintenance(rest));
        let fee_max = Ppm::new(fee_max);
        let closing = Closing::new(position, delta, marked).unwrap();
        let expected = closing.insurance_delta(before, traded, fee_max).unwrap().max(Quote::ZERO);
        let turnover = Quote::new(traded.get().abs());
        let most = turnover.at_rate(fee_max, heddle_num::Rounding::Floor).unwrap();
        prop_assert_eq!(insurance_fee(before, after, most), Some(expected));
    }
}
