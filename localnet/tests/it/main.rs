//! Tests of the local cluster, with a stand-in for the node so that a misbehaving one can be had. The real node runs in
//! `node/cli`'s tests.

mod cluster;
