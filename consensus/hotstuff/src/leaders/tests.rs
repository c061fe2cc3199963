use heddle_types::ChainId;
use heddle_types::Epoch;
use heddle_types::ExecutedRoot;
use heddle_types::Hash32;
use heddle_types::StateRoot;
use heddle_types::UnixMillis;
use heddle_types::Validator;
use proptest::prelude::*;

use super::*;

fn committee(powers: &[u64]) -> Arc<Committee> {
    let validators = powers
        .iter()
        .zip(1_u8..)
        .map(|(power, id)| Validator::new(heddle_types::PublicKey([id; 32]), *power));
    Arc::new(Committee::new(ChainId::ZERO, Epoch::ZERO, validators.collect()).unwrap())
}

fn header(height: u64, executed: u64) -> BlockHeader {
    BlockHeader {
        version: BlockHeader::VERSION,
        chain: ChainId::ZERO,
        epoch: Epoch::ZERO,
        view: View::new(height),
        height: Height::new(height),
        parent: heddle_types::BlockHash::ZERO,
        payload: Hash32::ZERO,
        executed: ExecutedRoot { height: Height::new(executed), root: StateRoot::ZERO },
        time: UnixMillis::new(height),
        proposer: ValidatorIndex::ZERO,
        next_committee: None,
    }
}

fn turn(height: u64, view: u64, proposer: u16) -> Turn {
    let (height, view) = (Height::new(height), View::new(view));
    Turn { height, view, proposer: ValidatorIndex::new(proposer) }
}

/// What a chain looks like on which those in `dead` never propose: genesis, and one block for each view that has a leader.
fn chain(committee: &Arc<Committee>, dead: &[u16], views: u64) -> Vec<Turn> {
    let mut turns = vec![turn(0, 0, 0)];
    for view in 1..=views {
        let known = turns.len().saturating_sub(2).max(1);
        let leader = Schedule::new(Arc::clone(committee), &turns[..known]).leader(View::new(view));
        if !dead.contains(&leader.get()) {
            turns.push(turn(turns.len() as u64, view, leader.get()));
        }
    }
    turns
}

fn leaders(schedule: &Schedule, views: std::ops::Range<u64>) -> Vec<u16> {
    views.map(|view| schedule.leader(View::new(view)).get()).collect()
}

#[test]
fn each_in_turn_while_nobody_misses_one() {
    let committee = committee(&[1; 4]);
    let schedule = Schedule::new(Arc::clone(&committee), &chain(&committee, &[], 100));
    assert_eq!(leaders(&schedule, 101..109), [1, 2, 3, 0, 1, 2, 3, 0]);
}

#[test]
fn who_missed_a_turn_is_stood_in_for() {
    let committee = committee(&[1; 4]);
    let schedule = Schedule::new(committee, &[turn(0, 0, 0), turn(1, 1, 1), turn(2, 3, 3)]);
    assert_eq!(leaders(&schedule, 4..12), [0, 1, 0, 3, 0, 1, 0, 3]);
}

#[test]
fn who_makes_a_block_again_has_its_turns_again() {
    let committee = committee(&[1; 4]);
    let missed = [turn(0, 0, 0), turn(1, 1, 1), turn(2, 3, 3)];
    let since = [turn(3, 4, 0), turn(4, 5, 1), turn(5, 6, 2)];
    let back: Vec<_> = missed.into_iter().chain(since).collect();
    let schedule = Schedule::new(committee, &back);
    assert_eq!(leaders(&schedule, 8..12), [0, 1, 2, 3]);
}

#[test]
fn a_stand_in_that_fails_is_blamed_itself() {
    let committee = committee(&[1; 7]);
    let mut turns = vec![turn(0, 0, 0), turn(1, 1, 1), turn(2, 3, 3)];
    let stand_in = Schedule::new(Arc::clone(&committee), &turns).leader(View::new(9));
    assert_ne!(stand_in.get(), 2);
    (4..=8).zip(3..).for_each(|(view, height)| {
        turns.push(turn(height, view, u16::try_from(view % 7).unwrap()));
    });
    turns.push(turn(8, 10, 3));
    let schedule = Schedule::new(committee, &turns);
    let suspended: Vec<_> =
        (0..7).filter(|who| !leaders(&schedule, 70..77).contains(who)).collect();
    assert_eq!(suspended, {
        let mut both = vec![2, stand_in.get()];
        both.sort_unstable();
        both
    });
}

/// The ways to choose at most so many of `size`.
fn choices(size: u16, most: u32) -> impl Iterator<Item = u32> {
    (0..1_u32 << size).filter(move |chosen| chosen.count_ones() <= most)
}

#[test]
fn f_faulty_validators_cost_f_views_in_a_row_at_most() {
    for size in [4_u16, 5, 7, 9, 10] {
        let most = u32::from(size - 1) / 3;
        let committee = committee(&vec![1; usize::from(size)]);
        let is_in = |chosen: u32, who: u16| chosen >> who & 1 == 1;
        for suspended in choices(size, most) {
            // All have a turn, and these miss theirs.
            let last = (0..size).rfind(|who| !is_in(suspended, *who)).unwrap();
            let made = (size..2 * size).filter(|view| !is_in(suspended, view % size));
            let made = made.map(|view| (view, view % size)).chain([(2 * size, last)]);
            let turns = [(size - 1, last)].into_iter().chain(made).zip(0..);
            let turns = turns.map(|((view, who), height)| turn(height, view.into(), who));
            let schedule = Schedule::new(Arc::clone(&committee), &turns.collect::<Vec<_>>());
            let leading = leaders(&schedule, 0..2 * u64::from(size));
            assert!(leading.iter().all(|who| !is_in(suspended, *who)), "{leading:?}");
            for faulty in choices(size, most) {
                let rows = leading.split(|who| !is_in(faulty, *who));
                let longest = rows.map(<[u16]>::len).max().unwrap();
                assert!(longest <= most as usize, "{leading:?} of which {faulty:b} fail");
            }
        }
    }
}

#[test]
fn of_a_long_row_of_failures_at_most_a_third_of_the_power_is_suspended() {
    let committee = committee(&[5, 1, 1, 1, 1, 1]);
    let schedule = Schedule::new(Arc::clone(&committee), &[turn(0, 0, 0), turn(1, 1_000_000, 3)]);
    let leading: BTreeSet<_> = leaders(&schedule, 0..600).into_iter().collect();
    let power: u64 =
        leading.iter().map(|who| committee.validators()[usize::from(*who)].power).sum();
    assert!(10 - power <= committee.fault_power() && power < 10, "{leading:?}");
}

#[test]
fn the_dead_cost_one_view_each_as_long_as_their_failure_is_in_the_window() {
    for (powers, dead) in [(4, vec![2]), (7, vec![1, 2]), (7, vec![0, 6])] {
        let committee = committee(&vec![1; powers]);
        let turns = chain(&committee, &dead, 110);
        // Two heights pass until what is executed shows it: the next one may fail too before that.
        let failed = 111 - turns.len();
        assert!(failed <= 2 * dead.len(), "{failed} of 110 views failed for {dead:?}");
    }
}

#[test]
fn the_window_is_what_the_tip_has_executed_and_nothing_later() {
    let final_turns = (0..=300).map(|height| turn(height, height, 0));
    let known = Turns::new(Height::ZERO, final_turns);
    let above = || (301..=310).rev().map(|height| turn(height, height, 1));
    let window = known.window(&header(310, 305), above()).unwrap();
    let heights: Vec<_> = window.iter().map(|turn| turn.height.get()).collect();
    assert_eq!(heights, (305 - limits::REPUTATION_HEIGHTS..=305).collect::<Vec<_>>());
    let window = known.window(&header(310, 290), above()).unwrap();
    assert_eq!(window.last().unwrap().height.get(), 290);
    let young = known.window(&header(310, 310 - limits::REPUTATION_LAG_MAX - 1), above());
    assert_eq!(young, Some(vec![]), "execution far behind suspends nobody");
}

#[test]
fn a_window_with_a_hole_is_not_known() {
    let known = Turns::new(Height::ZERO, (0..=20).map(|height| turn(height, height, 0)));
    let holed = (22..=30).rev().map(|height| turn(height, height, 1));
    assert_eq!(known.window(&header(30, 28), holed), None);
    let late = Turns::new(Height::ZERO, (10..=20).map(|height| turn(height, height, 0)));
    assert_eq!(late.window(&header(20, 20), std::iter::empty()), None);
}

#[test]
fn what_is_kept_is_all_that_any_tip_may_ask_for() {
    let known = Turns::new(Height::ZERO, (0..=1000).map(|height| turn(height, height, 0)));
    let tip = header(1000, 1000 - limits::REPUTATION_LAG_MAX);
    assert!(known.window(&tip, std::iter::empty()).is_some());
    assert_eq!(known.by_height.len(), limits::TURNS_MAX);
}

#[test]
fn turns_before_an_epoch_began_do_not_count_in_it() {
    let turns = |first: u64| (first..=20).map(|height| turn(height, height, 1));
    let (all, own) =
        (Turns::new(Height::new(10), turns(0)), Turns::new(Height::new(10), turns(11)));
    let window = |known: &Turns, executed| known.window(&header(20, executed), std::iter::empty());
    assert_eq!(window(&all, 18), window(&own, 18));
    // What the epoch began with is of its view 0.
    assert_eq!(window(&all, 18).unwrap()[0], turn(10, 0, 0));
    assert_eq!(window(&all, 9), Some(vec![]), "nothing of the epoch is executed");
}

proptest! {
    /// Whoever starts from the kept turns expects the same leaders as whoever saw the whole chain.
    #[test]
    fn a_restart_changes_no_leader(
        gaps in prop::collection::vec((0_u64..4, 0_u16..4), 200..400),
        executed_behind in 0_u64..=limits::REPUTATION_LAG_MAX,
    ) {
        let committee = committee(&[1; 4]);
        let mut turns = vec![turn(0, 0, 0)];
        for (gap, proposer) in gaps {
            let last = turns.last().unwrap();
            turns.push(turn(last.height.get() + 1, last.view.get() + 1 + gap, proposer));
        }
        let height = turns.len() as u64 - 1;
        let tip = header(height, height - executed_behind);
        let whole = Turns::new(Height::ZERO, turns.iter().copied()).window(&tip, std::iter::empty()).unwrap();
        let restarted = turns.split_off(turns.len().saturating_sub(limits::TURNS_MAX));
        let window = Turns::new(Height::ZERO, restarted).window(&tip, std::iter::empty()).unwrap();
        let views = View::new(10_000).get()..10_100;
        prop_assert_eq!(
            leaders(&Schedule::new(Arc::clone(&committee), &whole), views.clone()),
            leaders(&Schedule::new(committee, &window), views)
        );
    }
}
