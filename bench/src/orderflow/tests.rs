use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use heddle_clearing::AccountId;
use heddle_num::Quote;
use heddle_num::UnitValue;
use tempfile::TempDir;

use super::*;

const SCALE: Scale = Scale { price_decimals: 1, size_decimals: 3 };
const ORDERS: OrderLimits = OrderLimits {
    lots_min: Lots::new(1),
    lots_max: Lots::new(1_000_000_000),
    unit: UnitValue::new(1),
    notional_min: Quote::ZERO,
    mark: Ticks::MAX,
};

fn depth(id: u64, prior: u64, (bids, asks): (&str, &str)) -> String {
    format!(
        "1 {{\"stream\":\"x@depth@0ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{id},\"T\":{id},\"s\":\"X\",\"U\":{id},\
         \"u\":{id},\"pu\":{prior},\"b\":{bids},\"a\":{asks}}}}}\n"
    )
}

fn ticker(id: u64, (bid, ask): (&str, &str)) -> String {
    format!(
        "1 {{\"stream\":\"x@bookTicker\",\"data\":{{\"u\":{id},\"s\":\"X\",\"b\":\"{bid}\",\"B\":\"1\",\"a\":\"{ask}\",\"A\":\"1\"}}}}\n"
    )
}

fn trade(time: u64, (price, size, buyer_is_maker): (&str, &str, bool)) -> String {
    format!(
        "1 {{\"stream\":\"x@trade\",\"data\":{{\"T\":{time},\"s\":\"X\",\"t\":1,\"p\":\"{price}\",\"q\":\"{size}\",\"X\":\"MARKET\",\
         \"m\":{buyer_is_maker}}}}}\n"
    )
}

fn packed(lines: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(lines.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.gz");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    (dir, path)
}

fn read(lines: &str) -> Result<Recording, OrderflowError> {
    let (_dir, path) = file(&packed(lines));
    Recording::read(&path, Some(SCALE))
}

fn level(price: u32, lots: u64) -> Level {
    Level { price: Ticks::new(price), lots: Lots::new(lots) }
}

fn take(time: u64, side: Side, price: u32, lots: u64) -> Take {
    Take { time, side, price: Ticks::new(price), lots: Lots::new(lots) }
}

/// What becomes of a book that follows.
fn replay(recording: &Recording) -> (Shadow, Levels, Check) {
    let makers: Vec<_> = (0..64).map(AccountId::new).collect();
    let mut shadow = Shadow::new(Roster::new(&makers, &[AccountId::new(64)]));
    let (mut levels, mut check) = (Levels::default(), Check::default());
    for event in recording.events() {
        let deeds = match event {
            Event::Take(take) => vec![Deed::Take(*take)],
            Event::Update(update, _) => {
                let mut changed = shadow.take_loose();
                levels.apply(update, &mut changed);
                reconcile(&changed, &levels, ORDERS, |key| shadow.lots(key))
            }
        };
        let named = shadow.name(&deeds);
        let block: Vec<_> = named.into_iter().map(|named| named.instruction).collect();
        shadow.run(&block);
        if let Event::Update(update, Some(touch)) = event {
            check.compare(update.id, shadow.touch(), (touch, &levels));
        }
    }
    (shadow, levels, check)
}

fn check_wrong(lines: &str, expected: &str) {
    let error = read(lines).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn every_kind_of_line_is_read() {
    let whole = "1 {\"lastUpdateId\":7,\"E\":8,\"T\":9,\"bids\":[[\"10.0\",\"1\"]],\"asks\":[]}\n";
    let lines = [
        depth(5, 4, ("[[\"10.1\",\"0.002\"]]", "[[\"10.20\",\"0\"]]")),
        ticker(6, ("10.1", "10.2")),
        trade(6, ("10.1", "0.001", true)),
        whole.to_owned(),
        "1 {\"result\":null,\"id\":1}\n".to_owned(),
    ];
    let recording = read(&lines.concat()).unwrap();
    let update = |id, prior, time, is_snapshot| Update {
        id,
        prior,
        time,
        is_snapshot,
        bids: vec![level(101, 2)],
        asks: vec![level(102, 0)],
    };
    let snapshot =
        Update { bids: vec![level(100, 1000)], asks: vec![], ..update(7, None, 9, true) };
    assert_eq!(recording.updates, [update(5, Some(4), 5, false), snapshot]);
    let touch = Touch { bid: Some(level(101, 1000)), ask: Some(level(102, 1000)) };
    assert_eq!(recording.touches, [TouchUpdate { id: 6, touch }]);
    assert_eq!(recording.takes, [take(6, Side::Sell, 101, 1)]);
    assert_eq!((recording.symbol.as_str(), recording.left_out, recording.is_cut), ("X", 1, false));
}

#[test]
fn a_venue_that_numbers_every_change_needs_no_prior_update_and_no_second_time() {
    let line = "1 {\"stream\":\"x@depth\",\"data\":{\"E\":3,\"s\":\"X\",\"U\":7,\"u\":9,\"b\":[],\"a\":[]}}\n";
    let recording = read(line).unwrap();
    assert_eq!(recording.updates[0].prior, Some(6));
    assert_eq!(recording.updates[0].time, 3);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let good = depth(5, 4, ("[]", "[]"));
    check_wrong("", "found no change of a price level");
    check_wrong(&format!("{good}x\n{good}"), ":2: expected receive_time_ns {json}");
    check_wrong(&format!("{good}1 {{]\n{good}"), ":2: ");
    check_wrong(&depth(5, 4, ("[[\"10.12\",\"1\"]]", "[]")), ":1: b: found \"10.12\", expected");
    check_wrong(&depth(5, 4, ("[]", "[[\"1e3\",\"1\"]]")), ":1: a: found \"1e3\"");
    check_wrong(&depth(5, 4, ("[]", "[[\"429496729.6\",\"1\"]]")), "expected below 2^32");
    check_wrong(&good.replace("\"u\":5", "\"u\":-5"), ":1: ");
}

#[test]
fn decimals_are_those_that_the_file_needs() {
    let lines = depth(5, 4, ("[[\"10.1250\",\"0.10\"]]", "[]")) + &ticker(6, ("10.1", "10.2"));
    let (_dir, path) = file(&packed(&lines));
    let scale = Recording::read(&path, None).unwrap().scale;
    assert_eq!(scale, Scale { price_decimals: 3, size_decimals: 1 });
}

#[test]
fn a_file_may_be_cut_anywhere_but_not_be_of_another_kind() {
    let lines: String = (1..200).map(|id| depth(id, id - 1, ("[]", "[]"))).collect();
    let whole = packed(&lines);
    let (_dir, path) = file(&whole[..whole.len() / 2]);
    let recording = Recording::read(&path, Some(SCALE)).unwrap();
    assert!(recording.is_cut);
    assert!((1..199).contains(&recording.updates.len()), "{}", recording.updates.len());

    let recording = read(&lines[..lines.len() - 9]).unwrap();
    assert_eq!((recording.is_cut, recording.updates.len()), (true, 198));

    let (_dir, path) = file(b"of another kind, and long enough for a header");
    let error = Recording::read(&path, Some(SCALE)).unwrap_err().to_string();
    assert!(error.contains(":1: cannot be unpacked"), "{error}");
}

#[test]
fn lines_of_another_market_and_trades_outside_of_the_book_are_left_out() {
    let other = depth(6, 5, ("[]", "[]")).replace("\"s\":\"X\"", "\"s\":\"Y\"");
    let fund = trade(5, ("10.1", "0.001", true)).replace("MARKET", "INSURANCE_FUND");
    let recording = read(&(depth(5, 4, ("[]", "[]")) + &other + &fund)).unwrap();
    assert_eq!((recording.updates.len(), recording.left_out, recording.trades), (1, 2, 0));
}

#[test]
fn missing_updates_are_counted() {
    let lines = [(5, 4), (6, 5), (9, 8), (10, 9)].map(|(id, prior)| depth(id, prior, ("[]", "[]")));
    assert_eq!(read(&lines.concat()).unwrap().gaps, 1);
}

#[test]
fn trades_of_one_moment_and_direction_are_one_order_at_the_worst_price() {
    let lines = [
        depth(9, 8, ("[]", "[]")),
        trade(5, ("10.2", "0.001", false)),
        trade(5, ("10.3", "0.002", false)),
        trade(5, ("10.1", "0.004", true)),
        trade(5, ("10.0", "0.008", true)),
        trade(6, ("10.0", "0.016", true)),
    ];
    let recording = read(&lines.concat()).unwrap();
    let expected =
        [take(5, Side::Buy, 103, 3), take(5, Side::Sell, 100, 12), take(6, Side::Sell, 100, 16)];
    assert_eq!(recording.takes, expected);
    assert_eq!(recording.trades, 5);
}

#[test]
fn what_happened_is_in_order_whatever_the_order_of_lines() {
    let lines = [
        depth(9, 6, ("[]", "[]")),
        ticker(8, ("10.1", "10.2")),
        trade(6, ("10.2", "0.001", false)),
        depth(6, 4, ("[]", "[]")),
        ticker(6, ("10.0", "10.2")),
        ticker(7, ("10.0", "10.3")),
        trade(7, ("10.2", "0.001", true)),
    ];
    let recording = read(&lines.concat()).unwrap();
    let events: Vec<_> = recording
        .events()
        .map(|event| match event {
            Event::Take(take) => (take.time, None),
            Event::Update(update, touch) => {
                (update.id, touch.and_then(|touch| touch.bid).map(|bid| bid.price.get()))
            }
        })
        .collect();
    assert_eq!(events, [(6, None), (6, Some(100)), (7, None), (9, Some(101))]);
}

#[test]
fn a_whole_book_replaces_what_is_within_its_reach() {
    let mut levels = Levels::default();
    let mut changed = BTreeSet::new();
    let update = |id, is_snapshot, bids: &[Level], asks: &[Level]| Update {
        id,
        prior: None,
        time: 0,
        is_snapshot,
        bids: bids.to_vec(),
        asks: asks.to_vec(),
    };
    let old = [level(90, 1), level(98, 1), level(99, 1)];
    levels.apply(&update(1, false, &old, &[level(101, 1), level(120, 1)]), &mut changed);
    levels.apply(&update(2, true, &[level(97, 2)], &[level(110, 2)]), &mut changed);
    let left: Vec<_> = levels.iter().map(|(key, lots)| (key.price.get(), lots.get())).collect();
    assert_eq!(left, [(90, 1), (97, 2), (110, 2), (120, 1)]);
    let price = |side, price| LevelKey { side, price: Ticks::new(price) };
    assert!(changed.contains(&price(Side::Buy, 99)));
    assert!(changed.contains(&price(Side::Sell, 101)));
    assert_eq!(levels.crossed(), 0);
}

#[test]
fn a_level_that_a_newer_one_crosses_is_gone() {
    let lines = depth(1, 0, ("[[\"9.9\",\"1\"]]", "[[\"10.0\",\"1\"],[\"10.1\",\"2\"]]"))
        + &depth(9, 8, ("[[\"10.1\",\"3\"]]", "[[\"10.2\",\"4\"]]"));
    let (shadow, levels, _) = replay(&read(&lines).unwrap());
    assert_eq!(levels.crossed(), 2);
    let expected = Touch { bid: Some(level(101, 3000)), ask: Some(level(102, 4000)) };
    assert_eq!(shadow.touch(), expected);
    assert_eq!(shadow.tally().closed, 0);
}

#[test]
fn levels_are_orders_and_what_a_taker_left_is_made_right_by_the_next_update() {
    let lines = depth(1, 0, ("[[\"9.9\",\"1\"]]", "[[\"10.0\",\"1\"],[\"10.1\",\"2\"]]"))
        + &trade(2, ("10.1", "2.5", false))
        // Nothing of the trade is in it: 10.0 is as it was.
        + &depth(3, 1, ("[]", "[[\"10.1\",\"0.5\"]]"))
        + &depth(4, 3, ("[[\"9.9\",\"0.4\"]]", "[[\"10.0\",\"0\"]]"))
        + &depth(5, 4, ("[[\"9.9\",\"0.5\"]]", "[]"));
    let recording = read(&lines).unwrap();
    let (shadow, _, _) = replay(&recording);
    let expected = Touch { bid: Some(level(99, 500)), ask: Some(level(101, 500)) };
    assert_eq!(shadow.touch(), expected);
    let tally = shadow.tally();
    assert_eq!((tally.fills, tally.lots, tally.lots_wanted), (2, 2500, 2500));
    // 9.9, 10.0, 10.1; 10.0 again; 9.9 again.
    assert_eq!((tally.orders, tally.takers, tally.closed), (5, 1, 0));
    // 10.0, then 9.9 to get more; 9.9 got less in its place before.
    assert_eq!((tally.cancels, tally.reductions), (2, 1));
}

#[test]
fn a_difference_is_told_unless_nobody_could_know_the_level() {
    let lines = depth(1, 0, ("[[\"9.9\",\"1\"]]", "[[\"10.0\",\"1\"]]"))
        + &ticker(1, ("9.9", "10.0"))
        + &depth(2, 1, ("[]", "[]"))
        + &ticker(2, ("9.8", "10.0"))
        + &depth(3, 2, ("[[\"9.8\",\"1\"]]", "[]"))
        + &ticker(3, ("9.8", "10.0"))
        + &depth(4, 3, ("[[\"9.9\",\"2\"]]", "[]"))
        + &ticker(4, ("9.9", "10.0"));
    let (_, _, check) = replay(&read(&lines).unwrap());
    assert_eq!((check.compared, check.prices_equal, check.equal), (4, 2, 1));
    assert_eq!((check.unknown, check.differences.len()), (1, 3));
    assert!(!check.holds());
    let known = Check { unknown: 2, ..check };
    assert!(known.holds());
    assert!(!Check::default().holds());
}

#[test]
fn a_maker_without_room_leaves_the_order_to_the_next() {
    let mut shadow = Shadow::new(Roster::new(&[0, 1].map(AccountId::new), &[AccountId::new(2)]));
    let place = |price| {
        let key = LevelKey { side: Side::Buy, price: Ticks::new(price) };
        Deed::Place(key, Lots::new(1))
    };
    let deeds: Vec<Deed> = (1..=600).map(place).collect();
    let named = shadow.name(&deeds);
    assert_eq!(named.len(), 512);
    assert_eq!(shadow.tally().unplaced, 88);
    let block: Vec<_> = named.into_iter().map(|named| named.instruction).collect();
    shadow.run(&block);
    assert_eq!(shadow.name(&deeds).len(), 0);
    let away = LevelKey { side: Side::Buy, price: Ticks::new(1) };
    let named = shadow.name(&[Deed::Cancel(away)]);
    shadow.run(&[named[0].instruction]);
    assert_eq!(shadow.name(&deeds).len(), 1);
}

/// Recordings that others made.
#[test]
fn best_prices_of_real_recordings_are_followed_exactly() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/orderflow");
    let Ok(entries) = std::fs::read_dir(&dir) else {
        println!("left out: recordings of order flow, {} is not there", dir.display());
        return;
    };
    let mut compared = 0;
    for entry in entries {
        let path = entry.unwrap().path();
        let recording = Recording::read(&path, None).unwrap();
        let (shadow, levels, check) = replay(&recording);
        assert_eq!(shadow.tally().closed, 0, "{}", path.display());
        if recording.gaps > 0 {
            println!("left out: {}, {} updates are missing", path.display(), recording.gaps);
            continue;
        }
        assert!(check.holds(), "{}: {check:?}", path.display());
        assert_eq!(levels.crossed(), 0, "{}", path.display());
        compared += check.compared;
    }
    assert!(compared >= 6_000, "{compared}");
}

#[test]
fn an_order_has_what_a_market_allows() {
    let limits = OrderLimits {
        lots_min: Lots::new(2),
        lots_max: Lots::new(10),
        unit: UnitValue::new(3),
        notional_min: Quote::new(600),
        mark: Ticks::new(50),
    };
    let wanted = |price, lots| limits.wanted(level(price, lots)).get();
    assert_eq!((wanted(40, 5), wanted(40, 4)), (5, 0));
    // Above the mark the price does not count.
    assert_eq!((wanted(1_000, 4), wanted(1_000, 3)), (4, 0));
    assert_eq!((wanted(1_000, 11), wanted(1_000, 0)), (10, 0));

    let touch = |bid, ask| Touch { bid, ask };
    let (good, large, small) = (Some(level(50, 4)), Some(level(60, 12)), Some(level(60, 1)));
    assert_eq!(limits.touch(touch(good, large)), Some(touch(good, Some(level(60, 10)))));
    assert_eq!(limits.touch(touch(None, good)), Some(touch(None, good)));
    assert_eq!(limits.touch(touch(good, small)), None);

    let lots = |lots| {
        let split = limits.split(take(1, Side::Buy, 9, lots));
        split.map(|take| take.lots.get()).collect::<Vec<_>>()
    };
    assert_eq!(lots(25), [10, 10, 5]);
    assert_eq!(lots(10), [10]);
    assert_eq!(lots(0), [0; 0]);
}

#[test]
fn a_market_has_at_least_the_decimals_that_the_file_needs() {
    let lines = depth(5, 4, ("[[\"10.1250\",\"0.10\"]]", "[]"));
    let (_dir, path) = file(&packed(&lines));
    let recording = Recording::read_for(&path, SCALE).unwrap();
    assert_eq!(recording.scale, Scale { price_decimals: 3, size_decimals: 3 });
    assert_eq!(recording.updates[0].bids, [level(10_125, 100)]);
}

#[test]
fn prices_move_together_and_what_falls_below_one_is_left_out() {
    let lines = [
        depth(5, 4, ("[[\"0.3\",\"1\"],[\"10.0\",\"2\"]]", "[[\"10.2\",\"3\"]]")),
        ticker(5, ("10.0", "10.2")),
        trade(5, ("0.2", "0.001", true)),
        trade(6, ("10.0", "0.001", true)),
    ];
    let mut recording = read(&lines.concat()).unwrap();
    assert_eq!(recording.first_middle(), Some(Ticks::new(101)));
    recording.move_by(-3);
    assert_eq!(recording.updates[0].bids, [level(97, 2000)]);
    assert_eq!(recording.updates[0].asks, [level(99, 3000)]);
    assert_eq!(recording.takes, [take(6, Side::Sell, 97, 1)]);
    assert_eq!(recording.first_middle(), Some(Ticks::new(98)));
    recording.move_by(i32::MAX);
    assert_eq!(recording.updates[0].bids.len(), 1);
}

#[test]
fn without_best_prices_the_first_book_has_the_middle() {
    let lines = depth(5, 4, ("[[\"10.0\",\"1\"]]", "[]"))
        + &depth(6, 5, ("[[\"9.9\",\"1\"]]", "[[\"10.4\",\"1\"]]"));
    let recording = read(&lines).unwrap();
    assert_eq!(recording.first_middle(), Some(Ticks::new(102)));
    assert_eq!(read(&depth(5, 4, ("[]", "[]"))).unwrap().first_middle(), None);
}

#[test]
fn a_maker_whose_position_could_grow_too_large_leaves_the_order_to_the_next() {
    let roster = Roster::new(&[0, 1].map(AccountId::new), &[AccountId::new(2)]);
    let mut shadow = Shadow::new(roster.with_position_max(Lots::new(10)));
    let place = |side, lots| Deed::Place(LevelKey { side, price: Ticks::new(5) }, Lots::new(lots));
    let accounts = |shadow: &mut Shadow, deeds: &[Deed]| {
        let named = shadow.name(deeds);
        let account = |named: &Named| match named.instruction {
            heddle_clearing::Instruction::Place(place) => place.id.account.get(),
            _ => panic!("{named:?}"),
        };
        named.iter().map(account).collect::<Vec<_>>()
    };
    let deeds = [place(Side::Buy, 8), place(Side::Buy, 3), place(Side::Sell, 9)];
    assert_eq!(accounts(&mut shadow, &deeds), [0, 1, 0]);
    assert_eq!(accounts(&mut shadow, &[place(Side::Buy, 8), place(Side::Buy, 7)]), [1]);

    // What is open counts too, and what was taken of it.
    let mut shadow = Shadow::new(
        Roster::new(&[0, 1].map(AccountId::new), &[AccountId::new(2)])
            .with_position_max(Lots::new(10)),
    );
    let run = |shadow: &mut Shadow, deed| {
        let block: Vec<_> = shadow.name(&[deed]).iter().map(|named| named.instruction).collect();
        shadow.run(&block);
    };
    run(&mut shadow, place(Side::Buy, 8));
    run(&mut shadow, Deed::Take(take(1, Side::Sell, 5, 6)));
    assert_eq!(accounts(&mut shadow, &[place(Side::Buy, 3)]), [1]);
    let away = LevelKey { side: Side::Buy, price: Ticks::new(5) };
    run(&mut shadow, Deed::Cancel(away));
    assert_eq!(accounts(&mut shadow, &[place(Side::Buy, 4)]), [0]);
    assert_eq!(accounts(&mut shadow, &[place(Side::Sell, 10)]), [0]);
}

#[test]
fn two_orders_of_one_level_are_noticed() {
    let mut shadow = Shadow::new(Roster::new(&[0, 1].map(AccountId::new), &[AccountId::new(2)]));
    let place = |lots| {
        let key = LevelKey { side: Side::Buy, price: Ticks::new(5) };
        Deed::Place(key, Lots::new(lots))
    };
    let block: Vec<_> =
        shadow.name(&[place(1), place(2)]).iter().map(|named| named.instruction).collect();
    shadow.run(&block);
    let doubled = shadow.doubled();
    assert_eq!(doubled.len(), 1);
    let named = shadow.name(&[Deed::Withdraw(doubled[0])]);
    shadow.run(&[named[0].instruction]);
    assert_eq!(shadow.doubled(), []);
    assert_eq!(shadow.lots(LevelKey { side: Side::Buy, price: Ticks::new(5) }), Lots::new(2));
}
