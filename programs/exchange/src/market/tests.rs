use super::*;

const RULES: MarketRules = MarketRules {
    band: Ppm::new(100_000),
    breaker: Some(Breaker {
        move_max: Ppm::new(50_000),
        window: Millis::new(8_000),
        auction: Millis::new(3_000),
    }),
    opening: Millis::new(2_000),
    batch: None,
    lots_min: Lots::new(1),
    lots_max: Lots::new(1_000_000),
    notional_min: Quote::ZERO,
};

const NOTHING: Traded = Traded { range: None, hit_band: false };

fn at(millis: u64) -> UnixMillis {
    UnixMillis::new(millis)
}

/// A market that has opened at 12,000.
fn open(rules: &MarketRules) -> Session {
    let mut state = Session::new();
    state.begin(rules, at(10_000), Prices::Good);
    state.begin(rules, at(12_000), Prices::Good);
    state.end(rules, at(12_000), NOTHING);
    state
}

#[test]
fn a_new_market_opens_through_an_auction_once_prices_are_good() {
    let mut state = Session::new();
    for prices in [Prices::Bad, Prices::Usable] {
        state.begin(&RULES, at(10_000), prices);
        assert_eq!(state.matching(at(10_000)), Matching::CancelOnly);
    }
    state.begin(&RULES, at(10_000), Prices::Good);
    assert_eq!(state.mode(), MarketMode::Opening(at(12_000)));
    assert_eq!(state.matching(at(11_999)), Matching::Collect);
    state.end(&RULES, at(11_999), NOTHING);
    assert_eq!(state.matching(at(12_000)), Matching::Uncross);
    state.end(&RULES, at(12_000), NOTHING);
    assert_eq!(state.mode(), MarketMode::Continuous);
}

#[test]
fn a_batch_market_is_always_in_an_auction() {
    let rules = MarketRules { batch: Some(Millis::new(500)), ..RULES };
    let mut state = open(&rules);
    assert_eq!(state.mode(), MarketMode::Batch(at(12_500)));
    assert_eq!(state.matching(at(12_499)), Matching::Collect);
    state.end(&rules, at(12_600), NOTHING);
    assert_eq!(state.mode(), MarketMode::Batch(at(13_100)));
}

#[test]
fn bad_prices_stop_a_market_and_it_opens_through_an_auction_again() {
    let mut state = open(&RULES);
    state.begin(&RULES, at(13_000), Prices::Usable);
    assert_eq!(state.mode(), MarketMode::Continuous);
    state.begin(&RULES, at(13_000), Prices::Bad);
    assert_eq!(state.mode(), MarketMode::CancelOnly);
    state.begin(&RULES, at(20_000), Prices::Good);
    assert_eq!(state.mode(), MarketMode::Opening(at(22_000)));
}

#[test]
fn a_trade_outside_of_the_band_starts_an_auction_and_what_was_traded_before_is_forgotten() {
    let mut state = open(&RULES);
    let range = Some(Band { low: Ticks::new(1000), high: Ticks::new(1010) });
    state.end(&RULES, at(13_000), Traded { range, ..NOTHING });
    assert_eq!(state.mode(), MarketMode::Continuous);
    let band = state.band(&RULES, at(13_000), Ticks::new(1005));
    assert_eq!(band, Band { low: Ticks::new(960), high: Ticks::new(1050) });
    state.end(&RULES, at(13_500), Traded { hit_band: true, ..NOTHING });
    assert_eq!(state.mode(), MarketMode::Auction(at(16_500)));
    state.end(&RULES, at(16_500), Traded { range, hit_band: true });
    assert_eq!(state.mode(), MarketMode::Continuous);
}

#[test]
fn without_a_breaker_the_band_is_around_the_mark_and_nothing_trips() {
    let rules = MarketRules { breaker: None, ..RULES };
    let mut state = open(&rules);
    let range = Some(Band { low: Ticks::new(500), high: Ticks::new(500) });
    state.end(&rules, at(13_000), Traded { range, hit_band: true });
    assert_eq!(state.mode(), MarketMode::Continuous);
    let band = state.band(&rules, at(13_000), Ticks::new(1000));
    assert_eq!(band, Band { low: Ticks::new(900), high: Ticks::new(1100) });
}

#[test]
fn only_what_makes_sense_can_be_changed() {
    let mut state = open(&RULES);
    assert!(!state.change(ModeChange::Resume));
    assert!(state.change(ModeChange::Halt));
    state.begin(&RULES, at(14_000), Prices::Good);
    assert_eq!(state.mode(), MarketMode::Halted, "only the authority ends a halt");
    assert!(state.change(ModeChange::Resume));
    assert_eq!(state.mode(), MarketMode::CancelOnly);
    assert!(state.change(ModeChange::Close));
    assert!(!state.change(ModeChange::Resume));
    state.freeze();
    assert!(!state.change(ModeChange::Halt));
    assert_eq!(state.mode(), MarketMode::Frozen);
}

#[test]
fn rules_that_make_no_sense_are_refused() {
    let check = |change: fn(&mut MarketRules)| {
        let mut rules = RULES;
        change(&mut rules);
        rules.check()
    };
    assert_eq!(check(|_| ()), Ok(()));
    let wrong: [fn(&mut MarketRules); 7] = [
        |rules| rules.band = Ppm::ZERO,
        |rules| rules.band = Ppm::ONE,
        |rules| rules.lots_min = Lots::ZERO,
        |rules| rules.lots_max = Lots::ZERO,
        |rules| rules.lots_max = Lots::MAX,
        |rules| rules.batch = Some(Millis::new(0)),
        |rules| {
            rules.breaker =
                rules.breaker.map(|breaker| Breaker { window: Millis::new(7), ..breaker });
        },
    ];
    for change in wrong {
        assert_eq!(check(change), Err(InvalidRules));
    }
}

#[test]
fn a_state_is_its_bytes() {
    let mut state = open(&RULES);
    let range = Some(Band { low: Ticks::new(1000), high: Ticks::new(1010) });
    state.end(&RULES, at(13_000), Traded { range, hit_band: true });
    let bytes = heddle_types::encode(&state);
    assert_eq!(bytes.len(), Session::BYTES_MAX);
    assert_eq!(heddle_types::decode_exact::<Session>(&bytes), Ok(state));
}
