//! Random streams of calls, against the rules written down once more.

use proptest::collection::vec;
use proptest::prelude::*;

use heddle_executor::testing::key;
use heddle_types::Call;
use heddle_types::Outcome;
use heddle_validators::Member;

use crate::world::AUTHORITY;
use crate::world::STRANGER;
use crate::world::chain;
use crate::world::join_proved_by;
use crate::world::leave;
use crate::world::list;
use crate::world::quic;
use crate::world::rotate;
use crate::world::set_address;
use crate::world::set_power;
use crate::world::validator_key;
use crate::world::who;

/// Keys, operators and ports by their numbers.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Join { key: u8, power: u64, operator: u8, port: u16, proved: bool },
    Leave { key: u8 },
    SetPower { key: u8, power: u64 },
    Rotate { old: u8, new: u8, operator: u8 },
    SetAddress { key: u8, port: u16 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    key: u8,
    power: u64,
    operator: u8,
    port: u16,
}

/// What the rules say that there is.
struct Model(Vec<Row>);

impl Model {
    fn new() -> Self {
        let row = |n: u8| Row { key: n, power: 10, operator: n, port: 1000 + u16::from(n) };
        Self([1, 2, 3, 4].map(row).into())
    }

    fn find(&self, key: u8) -> Option<usize> {
        self.0.iter().position(|row| row.key == key)
    }

    fn has_port(&self, port: u16) -> bool {
        self.0.iter().any(|row| row.port == port)
    }

    /// Whether `power` fits beside all but the row at `position`.
    fn fits(&self, position: Option<usize>, power: u64) -> bool {
        let others = self.0.iter().enumerate().filter(|(n, _)| Some(*n) != position);
        let sum: u128 = others.map(|(_, row)| u128::from(row.power)).sum();
        power > 0 && sum + u128::from(power) < 1 << 62
    }

    /// Does what it says, if it may be done.
    fn take(&mut self, signer: u8, doing: Doing) -> bool {
        match doing {
            Doing::Join { key, power, operator, port, proved } => {
                let may = signer == AUTHORITY
                    && proved
                    && self.find(key).is_none()
                    && !self.has_port(port)
                    && port > 0
                    && self.fits(None, power);
                self.0.extend(may.then_some(Row { key, power, operator, port }));
                may
            }
            Doing::Leave { key } => {
                let Some(at) = self.find(key) else { return false };
                let may = [AUTHORITY, self.0[at].operator].contains(&signer) && self.0.len() > 1;
                if may {
                    self.0.remove(at);
                }
                may
            }
            Doing::SetPower { key, power } => {
                let Some(at) = self.find(key) else { return false };
                let may =
                    signer == AUTHORITY && self.0[at].power != power && self.fits(Some(at), power);
                if may {
                    self.0[at].power = power;
                }
                may
            }
            Doing::Rotate { old, new, operator } => {
                let Some(at) = self.find(old) else { return false };
                // The proof is for the operator that the call's maker took it for.
                let may = [AUTHORITY, self.0[at].operator].contains(&signer)
                    && operator == self.0[at].operator
                    && self.find(new).is_none();
                if may {
                    self.0[at].key = new;
                }
                may
            }
            Doing::SetAddress { key, port } => {
                let Some(at) = self.find(key) else { return false };
                let may = signer == self.0[at].operator && !self.has_port(port) && port > 0;
                if may {
                    self.0[at].port = port;
                }
                may
            }
        }
    }

    fn members(&self) -> Vec<Member> {
        self.0.iter().map(member).collect()
    }
}

fn member(row: &Row) -> Member {
    let Row { key, power, operator, port } = *row;
    let (public_key, operator) = (validator_key(key), who(operator));
    Member { public_key, vote_key: None, power, operator, quic: quic(port) }
}

fn call(doing: Doing) -> Call {
    match doing {
        Doing::Join { key, power, operator, port, proved } => {
            let row = Row { key, power, operator, port };
            join_proved_by(member(&row), if proved { key } else { key + 1 })
        }
        Doing::Leave { key } => leave(key),
        Doing::SetPower { key, power } => set_power(key, power),
        Doing::Rotate { old, new, operator } => rotate(old, new, operator),
        Doing::SetAddress { key, port } => set_address(key, quic(port)),
    }
}

fn power() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 1..20_u64, 1 => Just(0), 1 => Just((1 << 62) - 40), 1 => any::<u64>()]
}

fn doing() -> impl Strategy<Value = Doing> {
    let (keys, operators, ports) = (1..9_u8, 1..5_u8, 1000..1012_u16);
    let port = prop_oneof![12 => ports, 1 => Just(0)];
    let joins = (keys.clone(), power(), operators.clone(), port.clone(), prop::bool::weighted(0.8));
    prop_oneof![
        4 => joins.prop_map(|(key, power, operator, port, proved)| {
            Doing::Join { key, power, operator, port, proved }
        }),
        2 => keys.clone().prop_map(|key| Doing::Leave { key }),
        2 => (keys.clone(), power()).prop_map(|(key, power)| Doing::SetPower { key, power }),
        2 => (keys.clone(), keys.clone(), operators)
            .prop_map(|(old, new, operator)| Doing::Rotate { old, new, operator }),
        2 => (keys, port).prop_map(|(key, port)| Doing::SetAddress { key, port }),
    ]
}

fn signer() -> impl Strategy<Value = u8> {
    prop_oneof![5 => Just(AUTHORITY), 4 => 1..5_u8, 1 => Just(STRANGER)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every block is run by all executors, which must agree.
    #[test]
    fn every_call_follows_the_rules(blocks in vec(vec((signer(), doing()), 1..6), 24)) {
        let (mut chain, mut model) = (chain(), Model::new());
        for block in blocks {
            // A transaction each, of senders that are each other's strangers to nonces.
            let block: Vec<_> = block.into_iter().enumerate().collect();
            let transactions = block.iter().map(|(lane, (signer, doing))| {
                let mut body = chain.body(&key(*signer), vec![call(*doing)]);
                let lane = u8::try_from(*lane).unwrap();
                let sequence = chain.next_sequence(&who(*signer), lane);
                body.nonce = heddle_types::Nonce::Lane { lane, sequence };
                heddle_executor::testing::sign(body, &key(*signer))
            });
            let outcome = chain.run(&transactions.collect::<Vec<_>>());
            let done: Vec<_> =
                outcome.receipts.iter().map(|one| one.outcome == Outcome::Ok).collect();
            let may: Vec<_> =
                block.iter().map(|(_, (signer, doing))| model.take(*signer, *doing)).collect();
            prop_assert_eq!(done, may);
            let members = list(&chain);
            prop_assert_eq!(members.as_slice(), model.members());
            let committee = heddle_types::Committee::new(
                heddle_executor::testing::TestChain::CHAIN,
                heddle_types::Epoch::ZERO,
                members.validators(),
            );
            prop_assert!(committee.is_ok());
        }
    }
}
