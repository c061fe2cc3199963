//! The core, its peers, and the driver between them, in simulated time.

use std::collections::BTreeMap;
use std::sync::Arc;

use heddle_catchup::Action;
use heddle_catchup::CatchUp;
use heddle_catchup::Fault;
use heddle_catchup::Input;
use heddle_catchup::Request;
use heddle_catchup::RequestId;
use heddle_catchup::Response;
use heddle_catchup::limits;
use heddle_types::BlockHash;
use heddle_types::CheckedBlock;
use heddle_types::CommitCert;
use heddle_types::Height;
use heddle_types::Instant;
use heddle_types::Millis;
use heddle_types::ValidatorIndex;

use crate::chain::Chain;

/// How a peer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Honest,
    /// Never answers.
    Silent,
    /// Has blocks only up to a height.
    Short(u64),
    /// Has nothing at all.
    Empty,
    /// Gives a well-formed chain that is not the one, with certificates that only look so.
    Forger,
    /// Leaves out a block in the middle.
    Gapped,
    /// Has another chain's block in the middle.
    Spliced,
    /// Begins one block later than asked.
    Shifted,
    /// Gives the certificate of another block of the last one's height.
    WrongCert,
    /// Answers with the other kind of response.
    WrongKind,
    /// Never gives a certificate.
    Endless,
    /// Goes on over the ends of epochs as if they were none.
    Endings,
    /// Leaves out the tails of epochs, and their certificates.
    Tailless,
    /// Answers the first of three requests only.
    Lossy,
    /// Repeats every answer.
    Stutters,
}

pub(crate) struct Network {
    pub(crate) core: CatchUp,
    pub(crate) now: Instant,
    pub(crate) delivered: Vec<Arc<CheckedBlock>>,
    pub(crate) fetched: Vec<BlockHash>,
    pub(crate) faults: Vec<(ValidatorIndex, Fault)>,
    pub(crate) asked: Vec<(ValidatorIndex, Request)>,
    pub(crate) in_flight_max: usize,
    chain: Chain,
    forged: Chain,
    manners: BTreeMap<ValidatorIndex, Manner>,
    /// By time, then in the order in which they were put.
    mail: BTreeMap<(Instant, usize), Input>,
    put: usize,
    delays: Vec<u64>,
    pub(crate) outstanding: BTreeMap<RequestId, ValidatorIndex>,
}

pub(crate) fn peer(i: u16) -> ValidatorIndex {
    ValidatorIndex::new(i)
}

impl Network {
    /// Peers 0 and up, connected; each answer takes the next of `delays` in milliseconds, in a circle.
    pub(crate) fn new(chain: Chain, manners: &[Manner], delays: &[u64]) -> Self {
        let forged = Chain::new(chain.last().get() + 2000, 1, 100, 99);
        let mut network = Self {
            core: CatchUp::new(Height::ZERO, RequestId::new(u64::MAX)),
            now: Instant::START,
            delivered: Vec::new(),
            fetched: Vec::new(),
            faults: Vec::new(),
            asked: Vec::new(),
            in_flight_max: 0,
            chain,
            forged,
            manners: BTreeMap::new(),
            mail: BTreeMap::new(),
            put: 0,
            delays: delays.to_vec(),
            outstanding: BTreeMap::new(),
        };
        for (i, manner) in (0..).zip(manners) {
            network.manners.insert(peer(i), *manner);
            network.handle(Input::Connected(peer(i)));
        }
        network
    }

    pub(crate) fn put(&mut self, after_ms: u64, input: Input) {
        self.mail.insert((self.now.after(Millis::new(after_ms)), self.put), input);
        self.put += 1;
    }

    /// Another epoch begins: peers have other indices, also in what is on its way.
    pub(crate) fn renumber(&mut self, names: &BTreeMap<ValidatorIndex, ValidatorIndex>) {
        self.handle(Input::Renumbered(names.clone()));
        let manners = std::mem::take(&mut self.manners);
        self.manners =
            manners.into_iter().filter_map(|(peer, m)| Some((*names.get(&peer)?, m))).collect();
        for input in self.mail.values_mut() {
            if let Input::Response { peer, .. } = input {
                // Whoever has no index is not heard.
                *peer = names.get(peer).copied().unwrap_or(ValidatorIndex::new(u16::MAX));
            }
        }
    }

    /// Lets time pass until `is_done`, or until `limit_ms` have passed or nothing can happen any more; whether it was done.
    pub(crate) fn run(&mut self, limit_ms: u64, is_done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now.after(Millis::new(limit_ms));
        while !is_done(self) {
            let mail = self.mail.keys().next().copied();
            let deadline = self.core.deadline();
            let Some(next) = mail.map(|(at, _)| at).into_iter().chain(deadline).min() else {
                return false;
            };
            if next > end {
                return false;
            }
            assert!(
                deadline.is_none_or(|deadline| deadline > self.now),
                "a deadline that has passed"
            );
            self.now = next.max(self.now);
            let input = match mail.filter(|(at, _)| *at <= self.now) {
                Some(key) => self.mail.remove(&key).unwrap(),
                None => Input::Tick,
            };
            self.handle(input);
        }
        true
    }

    pub(crate) fn handle(&mut self, input: Input) {
        if let Input::Response { id, .. } = &input {
            self.outstanding.remove(id);
        }
        let mut actions = Vec::new();
        self.core.handle(self.now, input, &mut actions);
        let mut follow_up = None;
        for action in actions {
            match action {
                Action::Send { to, id, request } => self.on_send(to, id, request),
                Action::Fetched(block) => self.fetched.push(block.hash()),
                Action::Misbehaved { peer, fault } => self.faults.push((peer, fault)),
                Action::Deliver { peer, blocks, cert, height } => {
                    assert!(follow_up.is_none(), "two deliveries at once");
                    follow_up = Some(self.on_deliver((peer, height), blocks, &cert));
                }
            }
        }
        if let Some(input) = follow_up {
            self.handle(input);
        }
    }

    pub(crate) fn final_height(&self) -> u64 {
        self.delivered.last().map_or(0, |block| block.header().height.get())
    }

    /// As the agreement core: the certificate must be the chain's, and the first block the next one.
    fn on_deliver(
        &mut self,
        (from, height): (ValidatorIndex, Height),
        mut blocks: Vec<Arc<CheckedBlock>>,
        cert: &CommitCert,
    ) -> Input {
        let last = blocks.last().expect("a delivery has blocks");
        assert_eq!(blocks[0].header().height.get(), self.final_height() + 1);
        assert_eq!(cert.data, last.header().vote_data());
        let mut pairs = blocks.iter().zip(&blocks[1..]);
        assert!(pairs.all(|(parent, block)| block.header().parent == parent.hash()));
        if self.chain.covered(cert).is_none() {
            return Input::Refused { peer: from };
        }
        assert_eq!(self.chain.covered(cert), Some(height.get()));
        let epoch = blocks[0].header().epoch;
        assert!(blocks.iter().all(|block| block.header().epoch == epoch), "blocks of two epochs");
        blocks.retain(|block| block.header().height <= height);
        self.delivered.extend(blocks);
        Input::Final(Height::new(self.final_height()))
    }

    fn on_send(&mut self, to: ValidatorIndex, id: RequestId, request: Request) {
        self.asked.push((to, request));
        assert!(self.outstanding.insert(id, to).is_none(), "an id used twice");
        let in_flight = self.outstanding.len();
        self.in_flight_max = self.in_flight_max.max(in_flight);
        let manner = self.manners[&to];
        let Some(response) = self.answer(manner, request) else { return };
        let delay = self.delays[self.put % self.delays.len()];
        let answer = Input::Response { peer: to, id, response };
        if manner == Manner::Stutters {
            self.put(delay + 1, answer.clone());
        }
        self.put(delay, answer);
    }

    fn answer(&self, manner: Manner, request: Request) -> Option<Response> {
        let (from, blocks, bytes) = match request {
            Request::Block { hash } => return self.answer_block(manner, hash),
            Request::Range { from, max_blocks, max_bytes } => (from, max_blocks, max_bytes),
        };
        assert!(blocks > 0, "an empty request");
        assert!(blocks <= limits::RANGE_BLOCKS_MAX);
        let honest = self.chain.serve(from, blocks, bytes, self.chain.last());
        let Response::Range { blocks: mut some, cert } = honest.clone() else { unreachable!() };
        Some(match manner {
            Manner::Honest | Manner::Stutters => honest,
            Manner::Silent => return None,
            Manner::Lossy if !self.asked.len().is_multiple_of(3) => return None,
            Manner::Lossy => honest,
            Manner::Short(known) => self.chain.serve(from, blocks, bytes, Height::new(known)),
            Manner::Endings => {
                self.chain.without_ends().serve(from, blocks, bytes, self.chain.last())
            }
            Manner::Tailless => match some.iter().position(|b| b.header().next_committee.is_some())
            {
                Some(end) => Response::Range { blocks: some[..=end].to_vec(), cert: None },
                None => honest,
            },
            Manner::Empty => Response::Range { blocks: Vec::new(), cert: None },
            Manner::Forger => self.forged.serve(from, blocks, bytes, self.forged.last()),
            Manner::Gapped => {
                some.remove(some.len() / 2);
                Response::Range { blocks: some, cert }
            }
            Manner::Spliced => {
                let middle = some.len() / 2;
                let height = some[middle].header().height.get();
                some[middle] = Arc::clone(self.forged.block(height));
                Response::Range { blocks: some, cert }
            }
            Manner::Shifted => self.chain.serve(from.next(), blocks, bytes, self.chain.last()),
            Manner::WrongCert => {
                let last = some.last().map_or(0, |block| block.header().height.get());
                Response::Range { blocks: some, cert: Some(self.forged.cert(last)) }
            }
            Manner::WrongKind => Response::Block(some.pop()),
            Manner::Endless => Response::Range { blocks: some, cert: None },
        })
    }

    fn answer_block(&self, manner: Manner, hash: BlockHash) -> Option<Response> {
        Some(match manner {
            Manner::Honest
            | Manner::Stutters
            | Manner::Endless
            | Manner::Endings
            | Manner::Tailless => Response::Block(self.chain.find(hash)),
            Manner::Silent => return None,
            Manner::Lossy if !self.asked.len().is_multiple_of(3) => return None,
            Manner::Lossy => Response::Block(self.chain.find(hash)),
            Manner::Short(_) | Manner::Empty => Response::Block(None),
            Manner::Forger
            | Manner::Gapped
            | Manner::Spliced
            | Manner::Shifted
            | Manner::WrongCert => Response::Block(Some(Arc::clone(self.forged.block(1)))),
            Manner::WrongKind => Response::Range { blocks: Vec::new(), cert: None },
        })
    }
}
