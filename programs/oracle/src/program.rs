//! The oracle as a program.

use heddle_sdk::BlockSpace;
use heddle_sdk::CallContext;
use heddle_sdk::CallError;
use heddle_sdk::Declaration;
use heddle_sdk::Described;
use heddle_sdk::ErrorText;
use heddle_sdk::GenesisView;
use heddle_sdk::Phase;
use heddle_sdk::PhaseContext;
use heddle_sdk::PhaseView;
use heddle_sdk::Program;
use heddle_sdk::SetFull;
use heddle_sdk::WorkItem;
use heddle_types::AccessMode;
use heddle_types::Address;
use heddle_types::ProgramId;
use heddle_types::StateKey;
use heddle_types::Value;
use heddle_types::decode_exact;

use crate::admin::create_feed;
use crate::admin::set_authority;
use crate::admin::set_publishers;
use crate::begin::plan_feed;
use crate::begin::take_snapshot;
use crate::call::OracleCall;
use crate::error::OracleError;
use crate::event::OracleEvent;
use crate::feed::Config;
use crate::feed::FeedId;
use crate::genesis;
use crate::keys;
use crate::limits::POSTS_MAX;
use crate::post::FeedPost;
use crate::publish::forget;
use crate::publish::publish;
use crate::state::view_value;

/// What a call takes for each post, in about nanoseconds.
const POST_NANOS: u64 = 500;

/// The oracle.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oracle;

impl Program for Oracle {
    fn id(&self) -> ProgramId {
        ProgramId::ORACLE
    }

    fn name(&self) -> &'static str {
        "oracle"
    }

    fn access(
        &self,
        call: &[u8],
        signer: &Address,
        declaration: &mut Declaration<'_>,
    ) -> Result<(), CallError> {
        Ok(declare(&decode(call)?, signer, declaration)?)
    }

    fn execute(&self, ctx: &mut CallContext<'_, '_>, call: &[u8]) -> Result<(), CallError> {
        let (signer, now) = (*ctx.signer(), ctx.block().time);
        match decode(call)? {
            OracleCall::Publish { posts } => {
                posts.iter().try_for_each(|post| publish(ctx, &signer, now, post))
            }
            OracleCall::CreateFeed { feed, definition } => {
                create_feed(ctx, &signer, feed, &definition)
            }
            OracleCall::SetPublishers { feed, publishers } => {
                set_publishers(ctx, &signer, feed, publishers)
            }
            OracleCall::SetAuthority { authority } => set_authority(ctx, &signer, authority),
            OracleCall::Forget { feed } => forget(ctx, &signer, feed),
        }
    }

    /// Prices have their own share of every block: without them nobody gets out.
    fn space(&self, call: &[u8]) -> BlockSpace {
        match decode(call) {
            Ok(OracleCall::Publish { .. }) => BlockSpace::Reserved,
            Ok(
                OracleCall::CreateFeed { .. }
                | OracleCall::SetPublishers { .. }
                | OracleCall::SetAuthority { .. }
                | OracleCall::Forget { .. },
            )
            | Err(_) => BlockSpace::Ordinary,
        }
    }

    fn error(&self, code: u16) -> Option<ErrorText> {
        OracleError::from_code(code).map(OracleError::text)
    }

    fn describe_event(&self, kind: u16, data: &[u8]) -> Option<Described> {
        OracleEvent::decode(kind, data).map(|event| event.describe())
    }

    fn describe_call(&self, call: &[u8]) -> Option<Described> {
        decode(call).ok().map(|call| call.describe())
    }

    fn genesis(
        &self,
        data: &[u8],
        _view: &GenesisView<'_>,
    ) -> Result<Vec<(StateKey, Value)>, CallError> {
        genesis::entries(data)
    }

    fn phases(&self) -> &'static [Phase] {
        &[Phase::Begin]
    }

    /// One item for each feed.
    fn plan_phase(&self, _phase: Phase, view: &PhaseView<'_>) -> Vec<WorkItem> {
        let config: Option<Config> = view_value(view, &keys::config_key());
        let feeds = (0..config.map_or(0, |config| config.feeds)).map(FeedId::new);
        feeds
            .filter_map(|id| Some(plan_feed(id, &view_value(view, &keys::feed_key(id))?)))
            .collect()
    }

    fn run_item(&self, ctx: &mut PhaseContext<'_, '_>) -> Result<(), CallError> {
        let id: [u8; 2] = ctx.item().try_into().map_err(|_| OracleError::CorruptState)?;
        let now = ctx.block().time;
        take_snapshot(ctx, FeedId::new(u16::from_be_bytes(id)), now)
    }
}

fn decode(call: &[u8]) -> Result<OracleCall, OracleError> {
    match decode_exact(call) {
        Ok(OracleCall::Publish { posts }) if !(1..=POSTS_MAX).contains(&posts.len()) => {
            Err(OracleError::MalformedCall)
        }
        Ok(call) => Ok(call),
        Err(_) => Err(OracleError::MalformedCall),
    }
}

fn declare(
    call: &OracleCall,
    signer: &Address,
    declaration: &mut Declaration<'_>,
) -> Result<(), SetFull> {
    match call {
        OracleCall::Publish { posts } => posts.iter().try_for_each(|FeedPost { feed, post: _ }| {
            declaration.cost(POST_NANOS);
            declaration.declare(keys::feed_key(*feed), AccessMode::Read)?;
            declaration.declare(keys::post_key(*feed, signer), AccessMode::Write)
        }),
        OracleCall::CreateFeed { feed, definition: _ } => {
            declaration.declare(keys::config_key(), AccessMode::Write)?;
            declaration.declare(keys::feed_key(*feed), AccessMode::Write)
        }
        OracleCall::SetPublishers { feed, publishers: _ } => {
            declaration.declare(keys::config_key(), AccessMode::Read)?;
            declaration.declare(keys::feed_key(*feed), AccessMode::Write)
        }
        OracleCall::SetAuthority { authority: _ } => {
            declaration.declare(keys::config_key(), AccessMode::Write)
        }
        OracleCall::Forget { feed } => {
            declaration.declare(keys::feed_key(*feed), AccessMode::Read)?;
            declaration.declare(keys::post_key(*feed, signer), AccessMode::Write)
        }
    }
}
