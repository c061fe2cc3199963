//! The agreement core: two-chain HotStuff with timeout certificates and broadcast votes (Jolteon, arXiv 2106.10362).

mod io;

pub use io::{
    Action, Certificates, CheckedProposal, Evidence, Input, Message, Now, Recovered, Status,
    UnmuteAnswer, VotingState,
};
