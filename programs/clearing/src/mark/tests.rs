use heddle_types::Millis;

use super::*;

const PARAMS: MarkParams = MarkParams {
    basis_time: Millis::new(30_000),
    spread_max: Ppm::new(10_000),
    basis_max: Ppm::new(50_000),
};

fn book(bid: u32, ask: u32, last: u32) -> BookSummary {
    let some = |ticks: u32| (ticks > 0).then(|| Ticks::new(ticks));
    BookSummary {
        bid: some(bid),
        ask: some(ask),
        last: some(last),
        open_interest: Lots::ZERO,
        status: MarketStatus::Active,
    }
}

fn settled(book: &BookSummary) -> (Basis, Ticks) {
    // After a very long time the basis is the book's.
    let mut basis = Basis::default();
    let mark = basis.mark(UnixMillis::new(1 << 60), Ticks::new(10_000), book, &PARAMS);
    (basis, mark)
}

fn check(book: &BookSummary, expected: u32) {
    assert_eq!(settled(book).1, Ticks::new(expected), "{book:?}");
}

#[test]
fn the_mark_is_the_median_of_index_basis_and_last() {
    check(&book(10_010, 10_030, 10_015), 10_015);
    check(&book(10_010, 10_030, 10_025), 10_020);
    check(&book(9_990, 10_006, 9_999), 9_999);
    check(&book(9_960, 9_980, 9_999), 9_980);
    check(&book(9_960, 9_980, 1), 9_970);
    check(&book(10_010, 10_030, u32::MAX), 10_020);
}

#[test]
fn without_a_last_trade_it_is_halfway_between_index_and_basis() {
    check(&book(10_010, 10_030, 0), 10_010);
    check(&book(10_011, 10_011 + 21, 0), 10_011);
}

#[test]
fn a_book_that_is_one_sided_or_thin_or_crossed_says_nothing() {
    check(&book(10_050, 0, 10_050), 10_000);
    check(&book(0, 10_050, 10_050), 10_000);
    check(&book(10_000, 10_101, 10_050), 10_000);
    check(&book(10_000, 10_100, 10_050), 10_050);
    check(&book(10_100, 10_050, 10_050), 10_000);
}

#[test]
fn the_basis_comes_nearer_with_time_and_fades_without_a_book() {
    let index = Ticks::new(10_000);
    let mut basis = Basis { smoothed: 0, time: UnixMillis::new(1_000_000) };
    let wide = book(10_100, 10_100, 10_100);
    let mut at = |seconds: u64, book: &BookSummary| {
        let now = UnixMillis::new(1_000_000 + seconds * 1000);
        let mark = basis.mark(now, index, book, &PARAMS);
        (mark.get(), basis.smoothed / BASIS_ONE)
    };
    assert_eq!(at(0, &wide), (10_000, 0));
    assert_eq!(at(30, &wide), (10_050, 50));
    assert_eq!(at(60, &wide), (10_075, 75));
    assert_eq!(at(90, &book(0, 10_100, 10_100)), (10_000, 37));
}

#[test]
fn no_book_and_no_trade_takes_the_mark_further_from_the_index_than_the_basis_may_be() {
    for middle in [1, 5_000, 9_000, 15_000, u32::MAX - 5] {
        for last in [1, 9_000, 15_000, u32::MAX] {
            let (_, mark) = settled(&book(middle, middle + 1, last));
            assert!((9_500..=10_500).contains(&mark.get()), "{middle} {last}: {mark}");
        }
    }
}

#[test]
fn at_the_edges_of_prices_there_is_a_mark_and_it_is_not_zero() {
    let mut basis = Basis::default();
    let late = UnixMillis::new(u64::MAX);
    for index in [1, u32::MAX] {
        let mark = basis.mark(late, Ticks::new(index), &book(1, 1, 1), &PARAMS);
        assert!(mark.get() >= index / 2 && mark.get() > 0);
    }
}
