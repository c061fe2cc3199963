//! States that differ in names only are one.

use crate::block::Block;
use crate::block::VIEWS_MAX;
use crate::state::State;
use crate::validator::Standing;
use crate::validator::Validator;

/// The state that stands for all those like it. Where two names tie, either may come first: that costs states, and is never
/// wrong.
pub(crate) fn of(mut state: State) -> State {
    for view in 1..=VIEWS_MAX {
        let [first, second] = [0, 1].map(|twin| {
            let block = Block::new(view, twin);
            (state.tree.parent(block), state.votes(block), state.commit_votes(block))
        });
        if first < second {
            swap_twins(&mut state, view);
        }
    }
    sort_validators(&mut state);
    state
}

fn swap_twins(state: &mut State, view: u8) {
    state.tree.swap_twins(view);
    for validator in &mut state.validators {
        validator.signed.swap_twins(view);
        for record in [&mut validator.record, &mut validator.durable] {
            record.high_qc = record.high_qc.swapped(view);
        }
    }
}

fn sort_validators(state: &mut State) {
    let before = state.validators;
    let mut order = [0, 1, 2];
    order.sort_by_key(|who| nameless(before[*who]));
    if order == [0, 1, 2] {
        return;
    }
    state.validators = order.map(|who| before[who]);
    for validator in &mut state.validators {
        if let Standing::Asking { answered, .. } = &mut validator.standing {
            let set = *answered;
            let places = order.iter().enumerate().filter(|(_, who)| set & 1 << **who != 0);
            *answered = places.fold(0, |set, (place, _)| set | 1 << place);
        }
    }
}

/// The validator without the names of others.
fn nameless(validator: Validator) -> Validator {
    let standing = match validator.standing {
        Standing::Asking { answered, highest } => {
            Standing::Asking { answered: u8::from(answered != 0), highest }
        }
        other @ (Standing::Voting | Standing::Waiting { .. }) => other,
    };
    Validator { standing, ..validator }
}
