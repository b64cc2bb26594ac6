//! The management API: one request a connection, HTTP/1.0, JSON.

use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a node may take for what takes it milliseconds on an idle machine.
const LIMIT: Duration = Duration::from_secs(60);

/// `guest:guest` in base64.
const CREDENTIALS: &str = "Z3Vlc3Q6Z3Vlc3Q=";

/// Sends a request. The answer is the body as JSON, `Null` if it has none, or the status line as an error.
pub(super) async fn request(
    api: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Result<Value, String> {
    let exchange = exchange(api, method, path, body);
    match tokio::time::timeout(LIMIT, exchange).await {
        Ok(answer) => answer.map_err(|cause| format!("{method} {path} at {api}: {cause}")),
        Err(_) => Err(format!("{method} {path} at {api}: no answer within {LIMIT:?}")),
    }
}

async fn exchange(api: &str, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
    let body = body.map_or_else(String::new, |value| value.to_string());
    let length = body.len();
    let request = format!(
        "{method} /api{path} HTTP/1.0\r\nAuthorization: Basic {CREDENTIALS}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    let mut answer = Vec::new();
    let mut stream = TcpStream::connect(api).await.map_err(|e| e.to_string())?;
    stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
    stream.read_to_end(&mut answer).await.map_err(|e| e.to_string())?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no HTTP answer")?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1).is_none_or(|code| !code.starts_with('2')) {
        return Err(format!("{status} {body}"));
    }
    if body.is_empty() { Ok(Value::Null) } else { serde_json::from_str(body).map_err(|e| e.to_string()) }
}

/// A path segment with everything but letters, digits, `-`, `_` and `.` escaped.
pub(super) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
