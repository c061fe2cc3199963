//! A process that behaves towards a cluster as a node does, for the cluster's tests: `fake_node node run --home HOME`.
//!
//! It takes the home's lock, answers `getStatus` and takes faults of its links, and ends on SIGTERM. A file `behave` in the home makes it misbehave:
//! `exit N` ends it with that code, `deaf` makes it ignore SIGTERM.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use heddle_validator::home::Home;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args().nth(4).ok_or("expected node run --home HOME")?;
    let behave = fs::read_to_string(Path::new(&dir).join("behave")).unwrap_or_default();
    if let Some(code) = behave.trim().strip_prefix("exit ") {
        eprintln!("error: {code} told to end");
        std::process::exit(code.parse()?);
    }
    let home = Home::load(dir.as_ref())?;
    let _lock = home.lock()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener = TcpListener::bind(home.config().rpc).await?;
    loop {
        tokio::select! {
            _ = terminate.recv() => if behave.trim() != "deaf" { return Ok(()) },
            accepted = listener.accept() => drop(answer(accepted?.0, &home).await),
        }
    }
}

async fn answer(mut stream: TcpStream, home: &Home) -> Result<(), Box<dyn Error>> {
    let mut request = vec![0; 64 * 1024];
    let read = stream.read(&mut request).await?;
    if read == 0 {
        return Ok(());
    }
    let zeros = "0".repeat(64);
    let is_order = request[..read].windows(12).any(|window| window == b"dev_setLinks");
    let status = json!({
        "chainId": home.genesis().chain_id().to_string(), "version": "fake", "validator": true,
        "publicKey": home.key().public_key().to_string(), "view": 2, "height": 1, "finalHeight": 1,
        "executedHeight": 1, "stateRoot": zeros, "syncState": "synced", "voting": true, "votingReason": null,
        "viewTimeoutMs": 1000, "peers": 3, "mempool": { "transactions": 0, "bytes": 0 },
    });
    let result = if is_order { json!([]) } else { status };
    let body = json!({ "jsonrpc": "2.0", "id": 0, "result": result }).to_string();
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
    stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
    Ok(())
}
