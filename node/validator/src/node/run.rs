//! From a home to a running node, and down again.

use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crossbeam_channel::Receiver;
use crossbeam_channel::Sender;
use heddle_hotstuff::VotingState;
use heddle_machine::Machine;
use heddle_transport::Event;
use heddle_transport::Transport;
use heddle_transport::TransportConfig;
use heddle_wire::Channel;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::exit::ExitCode;
use crate::exit::Fatal;
use crate::home::Home;
use crate::node::backend::NodeBackend;
use crate::node::behind::Behind;
use crate::node::checks::Checks;
use crate::node::clock;
use crate::node::clock::Clock;
use crate::node::driver;
use crate::node::driver::Driver;
use crate::node::driver::DriverEvent;
use crate::node::execution;
use crate::node::executor;
use crate::node::fatal;
use crate::node::faucet::Faucet;
use crate::node::housekeeping::Housekeeping;
use crate::node::inbox::Entrance;
use crate::node::inbox::Inbox;
use crate::node::inbox::inbox;
use crate::node::network::Asking;
use crate::node::network::Network;
use crate::node::open;
use crate::node::open::Opened;
use crate::node::public::Public;
use crate::node::serve;
use crate::node::serve::ServeJob;
use crate::node::shared::Shared;
use crate::node::store::Store;
use crate::node::told::Told;
use crate::rpc;
use crate::rpc::RpcConfig;

/// How long a node's threads may take to end once it was asked to.
const STOP_MAX: Duration = Duration::from_secs(3);
/// How long the last holders of the store may take after that.
const CLOSE_MAX: Duration = Duration::from_millis(1_500);

/// What a node is to its chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It votes.
    Validator,
    /// It asks others what is final.
    Follower,
}

/// Why a node ended that could have gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was asked to.
    Stopped,
    /// To begin again with a snapshot that it fetched, because the others have forgotten what it lacks.
    ToBeginAgain,
}

/// Runs the node of a home that this process has locked.
pub(crate) fn run(home: &Home, role: Role) -> Result<Ended, Fatal> {
    match role {
        Role::Validator if home.validator_index().is_none() && !home.may_join() => {
            return Err(fatal::not_validator(home));
        }
        Role::Follower if home.validator_index().is_some() => {
            return Err(fatal::is_validator(home));
        }
        Role::Follower if open::endpoints(home).is_empty() => {
            return Err(fatal::nobody_to_follow(home));
        }
        Role::Validator | Role::Follower => {}
    }
    let rpc = listen(home)?;
    let mut opened = open::open(home, role)?;
    if role == Role::Follower {
        opened.config.agreement.signer = None;
    }
    let shared = Arc::clone(&opened.shared);
    let result = Node::start((home, role), rpc, opened).and_then(Node::wait);
    let begins_again = shared.begins_again.load(Ordering::SeqCst);
    close(shared);
    result.map(|()| if begins_again { Ended::ToBeginAgain } else { Ended::Stopped })
}

/// Closes the store once every thread has let go of it. The database's own threads must not be alive when the process ends.
fn close(shared: Arc<Shared>) {
    let deadline = Instant::now() + CLOSE_MAX;
    while Arc::strong_count(&shared) > 1 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    let open_elsewhere = Arc::strong_count(&shared.storage) > 1;
    if Arc::strong_count(&shared) > 1 || open_elsewhere {
        tracing::warn!("a thread still holds the store; all that counts is durable");
    }
}

fn listen(home: &Home) -> Result<TcpListener, Fatal> {
    let address = home.config().rpc;
    let listener = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|error| Fatal {
        code: ExitCode::Usage,
        path: home.dir().join("config.toml"),
        found: format!("rpc = \"{address}\", which cannot be listened on ({error})"),
        expected: "a free port of this machine".to_owned(),
        remedy: "stop what uses the port, or choose another".to_owned(),
    })
}

/// All that runs.
struct Node {
    shared: Arc<Shared>,
    transport: Arc<Transport>,
    driver: Entrance<DriverEvent>,
    ends: Receiver<Result<(), Fatal>>,
    rpc_stop: watch::Sender<bool>,
    /// Dropped to end the threads that look after the home.
    keepers: Sender<()>,
    threads: Vec<thread::JoinHandle<()>>,
    network: Runtime,
    api: Runtime,
}

impl Node {
    fn start((home, role): (&Home, Role), rpc: TcpListener, opened: Opened) -> Result<Self, Fatal> {
        let clock = Clock::start();
        let Opened { shared, safety, recovered, mute_reason, config } = opened;
        let (driver, driver_events) = inbox(driver::ROOM);
        let (execution, execution_jobs) = crossbeam_channel::unbounded();
        let (serving, serving_jobs) = inbox(serve::ROOM);
        let (end, ends) = crossbeam_channel::unbounded();
        let threads = executor::threads(home.config().threads);
        let network = runtime("network", 1)?;
        let api = runtime("api", threads.min(2))?;
        let checks = Checks::start(Arc::clone(&shared), driver.clone(), threads)
            .map_err(|error| fatal::cannot_start(home.dir(), &error))?;
        let told =
            Told { shared: Arc::clone(&shared), checks: checks.clone(), driver: driver.clone() };
        let (transport, links) =
            connect((home, role), &network, told, (serving.clone(), end.clone()))?;
        let mut actions = Vec::new();
        let recorded = open::recorded(&recovered);
        let machine = Machine::new(config, recovered, clock.now(), &mut actions);
        let the_driver = Driver {
            shared: Arc::clone(&shared),
            clock,
            machine,
            store: Store::new(Arc::clone(&shared.storage), safety, recorded),
            network: links,
            execution,
            serving,
            events: driver_events,
            voting: VotingState::Voting,
            mute_reason,
        };
        let mut spawn = Spawner { home: home.dir(), end, threads: Vec::new() };
        spawn.thread("driver", move || the_driver.run(actions))?;
        let (sharing, telling) = (Arc::clone(&shared), driver.clone());
        let executor = executor::executor(threads, home.config().execution, clock::nanos);
        spawn.thread("execution", move || {
            execution::run(&sharing, executor, &execution_jobs, &telling)
        })?;
        spawn.serving((&shared, &transport), serving_jobs)?;
        let keepers = keep_house(home, &shared, &mut spawn)?;
        let backend = Arc::new(NodeBackend {
            shared: Arc::clone(&shared),
            checks,
            transport: Arc::clone(&transport),
            faucet: faucet(home)?,
            idle_interval_ms: home.config().idle_interval.get(),
        });
        let rpc_stop = watch::Sender::new(false);
        start_rpc(home, &api, rpc, backend, &rpc_stop)?;
        stop_on_signals(&api, driver.clone())?;
        tracing::info!(home = %home.dir().display(), rpc = %home.config().rpc, "started");
        let threads = spawn.threads;
        Ok(Self { shared, transport, driver, ends, rpc_stop, keepers, threads, network, api })
    }

    /// Waits until a thread ends, which is when the node was asked to or cannot go on, and ends the rest.
    fn wait(self) -> Result<(), Fatal> {
        let first = self.ends.recv().unwrap_or(Ok(()));
        if first.is_err() {
            self.shared.halted.store(true, Ordering::SeqCst);
        }
        let deadline = Instant::now() + STOP_MAX;
        self.rpc_stop.send_replace(true);
        self.driver.tell(DriverEvent::Stop);
        drop(self.keepers);
        self.transport.close();
        self.api.shutdown_timeout(Duration::from_millis(500));
        self.network.shutdown_timeout(Duration::from_millis(500));
        for thread in self.threads {
            // A thread that does not end in time is left to the end of the process; all that counts is durable already.
            while !thread.is_finished() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(5));
            }
            if thread.is_finished() {
                let _ = thread.join();
            }
        }
        // A thread that fails takes others with it, which may be heard first.
        std::iter::once(first).chain(self.ends.try_iter()).collect()
    }
}

/// Starts the node's threads, each of which says how it ended.
struct Spawner<'a> {
    home: &'a Path,
    end: Sender<Result<(), Fatal>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Spawner<'_> {
    fn thread(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(), Fatal> + Send + 'static,
    ) -> Result<(), Fatal> {
        let end = self.end.clone();
        let home = self.home.to_owned();
        let name = name.to_owned();
        let thread = thread::Builder::new().name(name.clone()).spawn(move || {
            // A panic is a bug, and safety is in doubt: the whole node ends.
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            let result = result.unwrap_or_else(|_| Err(fatal::panicked(&home, &name)));
            let _ = end.send(result);
        });
        let thread = thread.map_err(|error| fatal::cannot_start(self.home, &error))?;
        self.threads.push(thread);
        Ok(())
    }

    fn serving(
        &mut self,
        (shared, transport): (&Arc<Shared>, &Arc<Transport>),
        jobs: Inbox<ServeJob>,
    ) -> Result<(), Fatal> {
        let (shared, transport) = (Arc::clone(shared), Arc::clone(transport));
        self.thread("serving", move || {
            serve::run(&shared, &jobs, &transport);
            Ok(())
        })
    }
}

/// Starts the thread that takes snapshots and prunes, if the home's configuration asks for it, and the one that notices when the others
/// have forgotten what this node lacks. They end when what is returned is dropped.
fn keep_house(
    home: &Home,
    shared: &Arc<Shared>,
    spawn: &mut Spawner<'_>,
) -> Result<Sender<()>, Fatal> {
    let (stop, stopped) = crossbeam_channel::bounded(0);
    if let Some(housekeeping) = Housekeeping::of(home, &shared.storage)? {
        let (shared, stopped) = (Arc::clone(shared), stopped.clone());
        spawn.thread("housekeeping", move || housekeeping.run(&shared, &stopped))?;
    }
    let (behind, shared) = (Behind::of(home)?, Arc::clone(shared));
    spawn.thread("behind", move || behind.run(&shared, &stopped))?;
    Ok(stop)
}

fn runtime(name: &str, threads: usize) -> Result<Runtime, Fatal> {
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .max_blocking_threads(8)
        .thread_name(name)
        .enable_all()
        .build();
    built.map_err(|error| fatal::cannot_start(Path::new(name), &error))
}

/// Who is told what happens on the network.
struct NetworkEvents {
    told: Told,
    public: Public,
    end: Sender<Result<(), Fatal>>,
    home: PathBuf,
}

impl NetworkEvents {
    /// Called on the network's threads. The driver ends first; what happens then concerns nobody.
    fn on(&self, event: Event) {
        let Self { told, public, end, home } = self;
        match event {
            Event::Frame { peer, channel, body } => told.checks.on_frame(peer, channel, &body),
            Event::Connected { peer, channel: Channel::Bulk } => told.on_up(peer),
            Event::Disconnected { peer, channel: Channel::Bulk } => told.on_down(peer),
            Event::Connected { peer, channel: Channel::Ctl } => told.on_reachable(peer),
            Event::Disconnected { channel: Channel::Ctl, .. } => {}
            Event::PublicRequest { request, reply } => public.on_request(request, reply),
            Event::SameKeyElsewhere(elsewhere) => {
                let _ = end.send(Err(fatal::key_connected(home, &format!("{elsewhere:?}"))));
            }
        }
    }
}

/// Goes on the network: a validator with links to the others, a follower with connections to those that it asks. Either can be
/// asked by anybody.
fn connect(
    (home, role): (&Home, Role),
    network: &Runtime,
    told: Told,
    (serving, end): (Entrance<ServeJob>, Sender<Result<(), Fatal>>),
) -> Result<(Arc<Transport>, Network), Fatal> {
    let peers = open::peers(home, &told.shared).map_err(|error| Fatal::of_storage(&error))?;
    let public = Public { shared: Arc::clone(&told.shared), checks: told.checks.clone(), serving };
    let events = NetworkEvents { told: told.clone(), public, end, home: home.dir().to_owned() };
    let transport = Arc::new(start_transport(home, network, events)?);
    let (secret, runtime) = (home.key().secret().clone(), network.handle().clone());
    let asking = Asking { secret, told, runtime };
    let sending = Arc::clone(&transport);
    let links = match role {
        Role::Validator => Network::of_validator(sending, peers, asking),
        Role::Follower => Network::of_follower(sending, peers, asking, open::endpoints(home)),
    };
    Ok((transport, links))
}

fn start_transport(
    home: &Home,
    network: &Runtime,
    events: NetworkEvents,
) -> Result<Transport, Fatal> {
    let config = TransportConfig {
        listen: home.config().quic,
        secret: home.key().secret().clone(),
        chain: home.committee().chain(),
        peers: Vec::new(),
        instance: u64::from_le_bytes(open::random()),
    };
    let events = move |event| events.on(event);
    Transport::start(config, network.handle(), events).map_err(|error| Fatal {
        code: ExitCode::Usage,
        path: home.dir().join("config.toml"),
        found: format!("quic = \"{}\": {error}", home.config().quic),
        expected: "a free port of this machine".to_owned(),
        remedy: "stop what uses the port, or choose another".to_owned(),
    })
}

fn start_rpc(
    home: &Home,
    api: &Runtime,
    listener: TcpListener,
    backend: Arc<NodeBackend>,
    stop: &watch::Sender<bool>,
) -> Result<(), Fatal> {
    let _within = api.enter();
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|error| fatal::cannot_start(home.dir(), &error))?;
    let config =
        RpcConfig { allowed_hosts: home.config().rpc_hosts.clone(), ..RpcConfig::default() };
    let mut stopped = stop.subscribe();
    api.spawn(rpc::serve(listener, config, backend, async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }));
    Ok(())
}

fn stop_on_signals(api: &Runtime, driver: Entrance<DriverEvent>) -> Result<(), Fatal> {
    use tokio::signal::unix::SignalKind;
    use tokio::signal::unix::signal;
    let _within = api.enter();
    let signals =
        signal(SignalKind::terminate()).and_then(|t| Ok((t, signal(SignalKind::interrupt())?)));
    let (mut terminate, mut interrupt) =
        signals.map_err(|error| fatal::cannot_start(Path::new("signals"), &error))?;
    // A write past the system's limit on file sizes is then an error as on a full disk, not a sudden end. Nobody listens.
    let _handled = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))
        .map_err(|error| fatal::cannot_start(Path::new("signals"), &error))?;
    api.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("asked to stop");
        driver.tell(DriverEvent::Stop);
    });
    Ok(())
}

/// The faucet's key, if this home has it and the chain has a faucet.
fn faucet(home: &Home) -> Result<Option<Faucet>, Fatal> {
    let path = home.dir().join("faucet.json");
    let (Some(address), true) = (home.genesis().faucet, path.exists()) else { return Ok(None) };
    let key = crate::home::KeyFile::read(&path).map_err(|error| error.to_fatal())?;
    if heddle_types::Address::of_key(&key.public_key()) != address {
        return Err(fatal::wrong_faucet(&path, address));
    }
    let index = home.validator_index().map_or(0, |index| index.get());
    let lane = u8::MAX.saturating_sub(u8::try_from(index).unwrap_or(u8::MAX));
    Ok(Some(Faucet::new(key.secret().clone(), lane)))
}
