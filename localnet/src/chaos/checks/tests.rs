use std::collections::BTreeMap;

use heddle_rpc_api::Supply;
use heddle_types::Amount;
use heddle_types::AssetId;
use heddle_types::BlockHash;
use heddle_types::Hash32;
use heddle_types::StateRoot;
use heddle_types::TxId;

use super::*;
use crate::chaos::observations::BlockFacts;
use crate::chaos::observations::CutOff;
use crate::chaos::observations::Ending;
use crate::chaos::observations::LoadCounts;
use crate::chaos::observations::ReceiptFacts;
use crate::chaos::observations::Recovery;
use crate::chaos::observations::Spell;
use crate::chaos::observations::Verified;

fn hash(byte: u8) -> Hash32 {
    Hash32([byte; 32])
}

fn block(byte: u8) -> BlockFacts {
    BlockFacts {
        hash: BlockHash(hash(byte)),
        state_root: Some(StateRoot(hash(byte))),
        receipts_root: Some(hash(byte)),
    }
}

fn receipt(height: u64) -> ReceiptFacts {
    ReceiptFacts { height, index: 0, digest: hash(1) }
}

fn supply(units: u64) -> Supply {
    Supply(BTreeMap::from([(AssetId::HDL, Amount::from_units(units))]))
}

/// A run in which all is well.
fn well() -> Observations {
    let mut seen = Observations::default();
    for by in 0..4 {
        seen.blocks.note(by, 7, block(7));
        seen.receipts.note(by, TxId(hash(1)), receipt(7));
        seen.included.note(by, TxId(hash(1)), 7);
        seen.height(by, 7);
        seen.supplies.push((by, supply(100)));
        let outcome = Ok((7, StateRoot(hash(7)).to_string()));
        seen.verified.push(Verified { validator: by, outcome });
    }
    seen.refused.insert(TxId(hash(2)), "expired".to_owned());
    seen.recoveries.push(recovery(Some(400), Some(900)));
    seen.spells.push(spell(true, 9));
    seen.spells.push(spell(false, 0));
    seen.cut_offs.push(cut_off(7));
    (seen.power_changes, seen.epoch) = (2, 1);
    seen.endings.push(ending(Some(4)));
    seen.load = LoadCounts { sent: 2, accepted: 1, refused: 1, unanswered: 0 };
    seen
}

fn cut_off(last: u64) -> CutOff {
    CutOff { fault: "halves".to_owned(), settled: 7, last }
}

fn spell(has_quorum: bool, new_heights: u64) -> Spell {
    Spell { fault: "a pause".to_owned(), has_quorum, ms: 6_000, new_heights }
}

fn recovery(first_ms: Option<u64>, all_ms: Option<u64>) -> Recovery {
    Recovery { fault: "a kill".to_owned(), first_ms, all_ms, bound_ms: 1000 }
}

fn ending(code: Option<u8>) -> Ending {
    Ending {
        validator: 2,
        fault: "a full disk".to_owned(),
        code,
        allowed: vec![4],
        last_line: "error: 4 db: found it full".to_owned(),
    }
}

/// Which checks fail once `harm` was done to a run in which all is well.
fn failing(harm: impl FnOnce(&mut Observations)) -> Vec<&'static str> {
    let mut seen = well();
    harm(&mut seen);
    all(&seen).into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
}

#[test]
fn a_run_in_which_all_is_well_passes_every_check() {
    assert_eq!(failing(|_| {}), Vec::<&str>::new());
}

#[test]
fn another_block_root_or_receipts_root_at_a_height_is_seen() {
    let others = [
        BlockFacts { hash: BlockHash(hash(8)), ..block(7) },
        BlockFacts { state_root: Some(StateRoot(hash(8))), ..block(7) },
        BlockFacts { receipts_root: None, ..block(7) },
    ];
    for other in others {
        assert_eq!(failing(|seen| seen.blocks.note(3, 7, other)), ["agreement"], "{other:?}");
    }
}

#[test]
fn a_final_transaction_that_moves_changes_or_is_gone_is_seen() {
    let id = TxId(hash(1));
    let changed = ReceiptFacts { digest: hash(9), ..receipt(7) };
    assert_eq!(failing(|seen| seen.receipts.note(1, id, receipt(8))), ["nothing final lost"]);
    assert_eq!(failing(|seen| seen.receipts.note(1, id, changed)), ["nothing final lost"]);
    let gone = |seen: &mut Observations| seen.missing.push((1, "block 3".to_owned()));
    assert_eq!(failing(gone), ["nothing final lost"]);
}

#[test]
fn a_transaction_in_two_blocks_is_seen() {
    assert_eq!(failing(|seen| seen.included.note(1, TxId(hash(1)), 8)), ["exactly once"]);
}

#[test]
fn a_final_height_that_goes_back_is_seen_though_it_rises_again() {
    let back = |seen: &mut Observations| {
        seen.height(2, 6);
        seen.height(2, 9);
    };
    assert_eq!(failing(back), ["final height monotone"]);
}

#[test]
fn a_base_unit_more_or_less_is_seen() {
    assert_eq!(failing(|seen| seen.supplies.push((1, supply(101)))), ["supply exact"]);
    assert_eq!(failing(|seen| seen.supplies.push((1, Supply::default()))), ["supply exact"]);
    assert_eq!(failing(|seen| seen.supplies.clear()), ["supply exact"]);
}

#[test]
fn a_refusal_for_ever_that_is_included_is_seen() {
    let broken = |seen: &mut Observations| seen.included.note(1, TxId(hash(2)), 7);
    assert_eq!(failing(broken), ["never means never"]);
}

#[test]
fn evidence_is_seen() {
    let found = |seen: &mut Observations| seen.evidence.push((0, "two votes of 3".to_owned()));
    assert_eq!(failing(found), ["no honest evidence"]);
}

#[test]
fn finality_that_stops_though_a_quorum_is_well_is_seen() {
    assert_eq!(failing(|seen| seen.spells.push(spell(true, 0))), ["finality goes on"]);
    let short = Spell { ms: 1_000, ..spell(true, 0) };
    assert_eq!(failing(|seen| seen.spells.push(short)), Vec::<&str>::new());
}

#[test]
fn a_block_that_is_final_without_a_quorum_is_seen() {
    assert_eq!(failing(|seen| seen.cut_offs.push(cut_off(8))), ["nothing final alone"]);
}

#[test]
fn a_change_of_power_that_begins_no_epoch_is_seen() {
    let ends = |seen: &mut Observations, changes, height| {
        (seen.power_changes, seen.epoch) = (changes, 0);
        seen.blocks.note(1, height, block(9));
    };
    assert_eq!(failing(|seen| ends(seen, 1, 128)), ["epochs follow"]);
    assert_eq!(failing(|seen| ends(seen, 0, 128)), Vec::<&str>::new());
    assert_eq!(failing(|seen| ends(seen, 1, 127)), Vec::<&str>::new());
}

#[test]
fn finality_that_does_not_resume_in_time_is_seen() {
    let stuck = |seen: &mut Observations| seen.recoveries.push(recovery(None, None));
    assert_eq!(failing(stuck), ["finality resumes"]);
    let alone = |seen: &mut Observations| seen.recoveries.push(recovery(Some(1), None));
    assert_eq!(failing(alone), ["finality resumes"]);
}

#[test]
fn another_end_than_the_fault_calls_for_is_seen() {
    assert_eq!(failing(|seen| seen.endings.push(ending(Some(1)))), ["exit codes"]);
    assert_eq!(failing(|seen| seen.endings.push(ending(None))), ["exit codes"]);
}

#[test]
fn a_home_that_executes_to_another_root_or_not_at_all_is_seen() {
    let verified = |outcome| {
        move |seen: &mut Observations| seen.verified.push(Verified { validator: 1, outcome })
    };
    let other = Ok((7, StateRoot(hash(8)).to_string()));
    assert_eq!(failing(verified(other)), ["verify equal"]);
    let later = |seen: &mut Observations| {
        for (validator, byte) in [(0, 1), (1, 2)] {
            let outcome = Ok((9, StateRoot(hash(byte)).to_string()));
            seen.verified.push(Verified { validator, outcome });
        }
    };
    assert_eq!(failing(later), ["verify equal"]);
    assert_eq!(failing(verified(Err("exit code 3".to_owned()))), ["verify equal"]);
}

#[test]
fn a_run_without_load_is_none() {
    assert_eq!(failing(|seen| seen.load = LoadCounts::default()), ["load"]);
}
