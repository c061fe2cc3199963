//! Carries out what the session asks for: connections, questions, verifying, files.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use heddle_catchup::ChunkAnswer;
use heddle_catchup::Offer;
use heddle_catchup::SnapshotAction;
use heddle_catchup::SnapshotInput;
use heddle_catchup::SnapshotName;
use heddle_catchup::SnapshotSession;
use heddle_storage::Snapshot;
use heddle_storage::StorageError;
use heddle_transport::PublicClient;
use heddle_transport::PublicClientConfig;
use heddle_transport::PublicError;
use heddle_types::Height;
use heddle_types::ValidatorIndex;
use heddle_wire::SnapshotPart;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Place;
use super::chunks;
use super::name;
use crate::exit::Fatal;
use crate::node::clock::Clock;

/// What a task found out.
enum Found {
    /// What a peer offers, if anything; for the session, and to be kept.
    Offer { peer: ValidatorIndex, manifest: Option<(Bytes, Box<Snapshot>)> },
    /// Something else for the session.
    Input(SnapshotInput),
    /// The disk refused.
    Failed(StorageError),
}

/// One attempt.
struct Fetch {
    place: Arc<Place>,
    clients: BTreeMap<ValidatorIndex, Arc<PublicClient>>,
    /// What each peer offers.
    offers: BTreeMap<ValidatorIndex, (Bytes, Box<Snapshot>)>,
    taken: Option<Arc<Snapshot>>,
    /// What was begun before, and a chunk of it that is missing.
    begun: Option<(Arc<Snapshot>, u32)>,
    /// Chunks that came and were right.
    fetched: usize,
    found: mpsc::UnboundedSender<Found>,
}

/// Fetches a snapshot of a state above a height; none when nobody has one.
pub(crate) async fn fetch(
    place: Arc<Place>,
    endpoints: Vec<PublicClientConfig>,
    above: Height,
) -> Result<Option<Snapshot>, Fatal> {
    let clock = Clock::start();
    let begun = place.begun();
    let taken = begun.as_ref().map(|(snapshot, _)| Arc::new(snapshot.clone()));
    let lacked = begun.as_ref().and_then(|(snapshot, there)| {
        let missing = (0..chunks(snapshot)).find(|index| !there.contains(index))?;
        Some((Arc::clone(taken.as_ref()?), missing))
    });
    if let Some((snapshot, there)) = &begun {
        let (height, chunks, held) = (snapshot.root().height.get(), snapshot.chunks(), there.len());
        tracing::info!(height, chunks, held, "a snapshot was begun before");
    }
    let begun = begun.map(|(snapshot, there)| (name(&snapshot), there));
    let clients = connect(endpoints).await;
    let mut session = SnapshotSession::new(clock.now().instant, above, begun);
    // As many wait as are asked for, which the session bounds.
    let (found, mut founds) = mpsc::unbounded_channel();
    let connected: Vec<ValidatorIndex> = clients.keys().copied().collect();
    let mut fetch =
        Fetch { place, clients, offers: BTreeMap::new(), taken, begun: lacked, fetched: 0, found };
    let mut inputs: Vec<_> = connected.into_iter().map(SnapshotInput::Connected).collect();
    loop {
        for input in inputs.drain(..) {
            let mut actions = Vec::new();
            session.handle(clock.now().instant, input, &mut actions);
            for action in actions {
                match action {
                    SnapshotAction::Done => return Ok(fetch.done()),
                    SnapshotAction::GivenUp => return Ok(None),
                    action => fetch.perform(action)?,
                }
            }
        }
        let Some(deadline) = session.deadline() else { return Ok(None) };
        let heard = tokio::time::timeout(clock.until(deadline), founds.recv()).await;
        inputs.push(match heard {
            Err(_) | Ok(None) => SnapshotInput::Tick,
            Ok(Some(Found::Input(input))) => fetch.count(input),
            Ok(Some(Found::Offer { peer, manifest })) => fetch.on_offer(peer, manifest),
            Ok(Some(Found::Failed(error))) => return Err(Fatal::of_storage(&error)),
        });
    }
}

/// Whoever answers; all are tried at once.
async fn connect(
    endpoints: Vec<PublicClientConfig>,
) -> BTreeMap<ValidatorIndex, Arc<PublicClient>> {
    let mut connecting = JoinSet::new();
    for (number, config) in (0..).zip(endpoints) {
        connecting.spawn(async move {
            let addr = config.addr;
            match PublicClient::connect(config).await {
                Ok(client) => Some((ValidatorIndex::new(number), Arc::new(client))),
                Err(error) => {
                    tracing::debug!(%addr, %error, "cannot connect");
                    None
                }
            }
        });
    }
    connecting.join_all().await.into_iter().flatten().collect()
}

impl Fetch {
    fn done(self) -> Option<Snapshot> {
        let snapshot = self.taken?;
        let (height, chunks) = (snapshot.root().height.get(), snapshot.chunks());
        tracing::info!(height, chunks, fetched = self.fetched, "fetched a snapshot");
        Some(Arc::unwrap_or_clone(snapshot))
    }

    fn count(&mut self, input: SnapshotInput) -> SnapshotInput {
        let is_right = matches!(input, SnapshotInput::Chunk { answer: ChunkAnswer::Right, .. });
        self.fetched += usize::from(is_right);
        input
    }

    fn on_offer(
        &mut self,
        peer: ValidatorIndex,
        manifest: Option<(Bytes, Box<Snapshot>)>,
    ) -> SnapshotInput {
        let offer = manifest
            .as_ref()
            .map(|(_, snapshot)| Offer { name: name(snapshot), chunks: chunks(snapshot) });
        self.offers.extend(manifest.map(|manifest| (peer, manifest)));
        SnapshotInput::Offered { peer, offer }
    }

    fn perform(&mut self, action: SnapshotAction) -> Result<(), Fatal> {
        match action {
            SnapshotAction::AskOffer(peer) => self.ask_offer(peer),
            SnapshotAction::Take { name, peer } => self.take(name, peer)?,
            SnapshotAction::AskChunk { peer, name, index } => self.ask_chunk(peer, name, index),
            SnapshotAction::Banned(peer) => {
                tracing::warn!(%peer, "a peer lied about a snapshot and is asked no more");
            }
            // The caller has seen to these.
            SnapshotAction::Done | SnapshotAction::GivenUp => {}
        }
        Ok(())
    }

    /// What there is of another snapshot goes.
    fn take(&mut self, taken: SnapshotName, peer: ValidatorIndex) -> Result<(), Fatal> {
        if self.taken.as_deref().is_some_and(|before| name(before) == taken) {
            return Ok(());
        }
        let Some((manifest, snapshot)) = self.offers.get(&peer) else { return Ok(()) };
        self.place.clear()?;
        let written = snapshot.files().put_manifest(manifest);
        written.map_err(|error| Fatal::of_storage(&error))?;
        let (height, chunks) = (taken.height.get(), snapshot.chunks());
        tracing::info!(height, chunks, "fetching a snapshot");
        self.taken = Some(Arc::new(snapshot.as_ref().clone()));
        Ok(())
    }

    fn ask_offer(&self, peer: ValidatorIndex) {
        let Some(client) = self.clients.get(&peer).cloned() else { return };
        let (place, found, begun) =
            (Arc::clone(&self.place), self.found.clone(), self.begun.clone());
        tokio::spawn(async move {
            let found_out = match begun_by(&client, begun).await {
                Some(manifest) => Found::Offer { peer, manifest: Some(manifest) },
                None => newest_of(&client, peer, &place).await,
            };
            // Who asked may have what it wanted.
            let _ = found.send(found_out);
        });
    }

    fn ask_chunk(&self, peer: ValidatorIndex, name: SnapshotName, index: u32) {
        let Some(client) = self.clients.get(&peer).cloned() else { return };
        let Some(snapshot) = self.taken.clone() else { return };
        let found = self.found.clone();
        tokio::spawn(async move {
            let part = SnapshotPart::Chunk { height: name.height, index };
            let answer = match client.snapshot_part(part).await {
                Ok(Some(bytes)) => {
                    let checked = tokio::task::spawn_blocking(move || {
                        check(&snapshot, usize::try_from(index).unwrap_or(usize::MAX), &bytes)
                    });
                    checked.await.unwrap_or(Ok(ChunkAnswer::Missing))
                }
                Ok(None) | Err(PublicError::NoAnswer) => Ok(ChunkAnswer::Missing),
                Err(PublicError::WrongAnswer) => Ok(ChunkAnswer::Wrong),
                Err(_) => {
                    let _ = found.send(Found::Input(SnapshotInput::Disconnected(peer)));
                    return;
                }
            };
            let input = |answer| SnapshotInput::Chunk { peer, name, index, answer };
            let _ = found.send(match answer {
                Ok(answer) => Found::Input(input(answer)),
                Err(error) => Found::Failed(error),
            });
        });
    }
}

/// What was begun, if this peer has the chunk of it that is missing: then it has the others, though its newest is another by now.
async fn begun_by(
    client: &PublicClient,
    begun: Option<(Arc<Snapshot>, u32)>,
) -> Option<(Bytes, Box<Snapshot>)> {
    let (snapshot, index) = begun?;
    let part = SnapshotPart::Chunk { height: snapshot.root().height, index };
    let bytes = client.snapshot_part(part).await.ok()??;
    snapshot.verify(usize::try_from(index).ok()?, &bytes).ok()?;
    let manifest = snapshot.files().manifest().ok()?;
    Some((manifest.into(), Box::new(snapshot.as_ref().clone())))
}

/// The newest that this peer has.
async fn newest_of(client: &PublicClient, peer: ValidatorIndex, place: &Place) -> Found {
    match client.snapshot_part(SnapshotPart::Manifest).await {
        Ok(None) | Err(PublicError::NoAnswer) => Found::Offer { peer, manifest: None },
        Ok(Some(bytes)) => match place.snapshot(&bytes) {
            Some(snapshot) => Found::Offer { peer, manifest: Some((bytes, Box::new(snapshot))) },
            None => Found::Input(SnapshotInput::Lied(peer)),
        },
        Err(PublicError::WrongAnswer) => Found::Input(SnapshotInput::Lied(peer)),
        Err(_) => Found::Input(SnapshotInput::Disconnected(peer)),
    }
}

/// Stores a chunk if it proves itself.
fn check(snapshot: &Snapshot, index: usize, bytes: &[u8]) -> Result<ChunkAnswer, StorageError> {
    if snapshot.verify(index, bytes).is_err() {
        return Ok(ChunkAnswer::Wrong);
    }
    snapshot.files().put_chunk(index, bytes)?;
    Ok(ChunkAnswer::Right)
}
