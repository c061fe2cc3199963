//! HTTP by hand, so that a test can send what no client would.

use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

/// Longer than any answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(15);

/// Posts a JSON body; the status and body of the answer.
pub(crate) fn post(address: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    exchange(address, &[head.as_bytes(), body].concat())
}

/// Fetches a page.
pub(crate) fn get(address: &str, path: &str) -> io::Result<(u16, Vec<u8>)> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    exchange(address, head.as_bytes())
}

/// Sends `bytes` and reads until the node closes the connection.
pub(crate) fn exchange(address: &str, bytes: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.set_write_timeout(Some(ANSWER_MAX))?;
    // A node may answer and close before it has read everything.
    let written = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    parse(&answer).ok_or_else(|| {
        let error = written.and(read.map(|_| ())).err();
        error.unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into())
    })
}

fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let code = head.split(' ').nth(1)?.parse().ok()?;
    Some((code, answer[end + 4..].to_vec()))
}
