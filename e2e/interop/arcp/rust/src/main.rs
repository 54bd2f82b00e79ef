//! Peer of the interop run: the published crate's runtime, its client, and its decoder.
//!
//! - `version`: one line of JSON, what the crate says of itself.
//! - `serve ws`: one line `{"url"}`, then its runtime over WebSocket until this process is ended.
//! - `serve stdio`: its runtime over standard input and output.
//! - `call URL`: its client against a runtime; one line `{"check","passed"}` for each thing tried.
//! - `decode`: one verdict line for each line of standard input: an envelope, or with `name ` before it an extension name.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use arcp::auth::{BearerAuthenticator, NoneAuthenticator};
use arcp::extensions::is_extension_name;
use arcp::messages::{
    AuthScheme, Capabilities, ClientIdentity, Credentials, PingPayload, SessionClosePayload, SessionOpenPayload,
    SubscriptionFilter, ToolInvokePayload,
};
use arcp::runtime::{ToolContext, ToolHandler, ToolRegistryBuilder};
use arcp::transport::stdio::StdioTransport;
use arcp::transport::websocket::WebSocketTransport;
use arcp::transport::Transport;
use arcp::{
    ARCPClient, ARCPError, ARCPRuntime, Envelope, ErrorCode, MessageType, IMPL_KIND, IMPL_VERSION, PROTOCOL_VERSION,
};
use async_trait::async_trait;
use serde_json::{json, Value};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

const TOKEN: &str = "tok-interop";
const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() -> Fallible<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["version"] => println!(
            "{}",
            json!({"kind": IMPL_KIND, "version": IMPL_VERSION, "protocol": PROTOCOL_VERSION})
        ),
        ["serve", "ws"] => serve_sockets().await?,
        ["serve", "stdio"] => {
            let ended = runtime().await?.run_connection(StdioTransport::process()).await;
            // Without waiting for the thread that still reads.
            std::process::exit(i32::from(ended.is_err()));
        }
        ["call", url] => call(url).await,
        ["decode"] => decode().await?,
        _ => return Err("version | serve ws | serve stdio | call URL | decode".into()),
    }
    Ok(())
}

// The runtime.

enum Tool {
    Echo,
    Null,
    Sleep,
    Fail,
    Charge,
}

#[async_trait]
impl ToolHandler for Tool {
    fn name(&self) -> &str {
        match self {
            Self::Echo => "echo",
            Self::Null => "null",
            Self::Sleep => "sleep",
            Self::Fail => "fail",
            Self::Charge => "charge",
        }
    }

    async fn invoke(&self, arguments: Value, context: ToolContext) -> Result<Value, ARCPError> {
        match self {
            Self::Echo => Ok(arguments),
            Self::Null => Ok(Value::Null),
            Self::Sleep => {
                let ms = arguments["ms"].as_u64().unwrap_or(0);
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(json!({ "ms": ms }))
            }
            Self::Fail => Err(ARCPError::ResourceExhausted {
                detail: "it was asked to fail".into(),
                retry_after_seconds: Some(3),
            }),
            Self::Charge => {
                context.charge("cost.usd", 1432.0, "usd").await?;
                Ok(Value::Null)
            }
        }
    }
}

async fn runtime() -> Result<ARCPRuntime, ARCPError> {
    let tools = [Tool::Echo, Tool::Null, Tool::Sleep, Tool::Fail, Tool::Charge]
        .into_iter()
        .fold(ToolRegistryBuilder::new(), |built, tool| built.with(Arc::new(tool)));
    ARCPRuntime::builder()
        .with_authenticator(Box::new(BearerAuthenticator::new().with_token(TOKEN, "alice")))
        .with_authenticator(Box::new(NoneAuthenticator::new()))
        .with_tools(tools.build())
        .with_capabilities(Capabilities {
            streaming: Some(true),
            artifacts: Some(true),
            subscriptions: Some(true),
            anonymous: Some(true),
            extensions: vec!["arcpx.b.v1".into(), "arcpx.a.v1".into()],
            ..Capabilities::default()
        })
        .build()
        .await
}

async fn serve_sockets() -> Fallible<()> {
    let runtime = runtime().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({"url": format!("ws://{}/", listener.local_addr()?)}));
    loop {
        let (socket, _) = listener.accept().await?;
        let stream = tokio_tungstenite::accept_async(socket).await?;
        drop(runtime.serve_connection(WebSocketTransport::accept_stream(stream)));
    }
}

// The decoder.

async fn decode() -> Fallible<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let verdict = match line.strip_prefix("name ") {
            Some(name) => json!({ "ok": is_extension_name(name) }),
            None => match serde_json::from_str::<Envelope>(&line) {
                Ok(envelope) => json!({ "ok": true, "again": serde_json::to_string(&envelope)? }),
                Err(error) => json!({ "ok": false, "error": error.to_string() }),
            },
        };
        println!("{verdict}");
    }
    Ok(())
}

// The client.

type Session = arcp::client::Session<arcp::client::Authenticated, WebSocketTransport>;

fn said(check: &str, passed: bool, why: &dyn std::fmt::Debug) {
    if !passed {
        eprintln!("{check}: {why:?}");
    }
    println!("{}", json!({ "check": check, "passed": passed }));
}

/// One check: what it found, or that it took too long, which a client that hangs does.
async fn check<T: std::fmt::Debug>(
    name: &str,
    work: impl Future<Output = Result<T, ARCPError>>,
    good: impl FnOnce(&Result<T, ARCPError>) -> bool,
) {
    match tokio::time::timeout(TIMEOUT, work).await {
        Ok(found) => said(name, good(&found), &found),
        Err(_) => said(name, false, &"it took too long"),
    }
}

fn bearer(token: &str) -> Credentials {
    Credentials {
        scheme: AuthScheme::Bearer,
        token: Some(token.to_owned()),
    }
}

fn ourselves() -> ClientIdentity {
    ClientIdentity {
        kind: IMPL_KIND.to_owned(),
        version: IMPL_VERSION.to_owned(),
        fingerprint: None,
        principal: None,
    }
}

fn offer() -> Capabilities {
    Capabilities {
        streaming: Some(true),
        durable_jobs: Some(true),
        artifacts: Some(true),
        subscriptions: Some(true),
        extensions: vec!["arcpx.a.v1".into(), "arcpx.z.v1".into()],
        ..Capabilities::default()
    }
}

async fn open(url: &str, auth: Credentials, offer: Capabilities) -> Result<Session, ARCPError> {
    let client = ARCPClient::new(WebSocketTransport::dial(url).await?);
    client.open()?.authenticate(auth, ourselves(), offer).await
}

async fn call(url: &str) {
    let refused =
        |found: &Result<Session, ARCPError>| matches!(found, Err(error) if error.code() == ErrorCode::Unauthenticated);
    check("bad token", open(url, bearer("bad"), offer()), refused).await;
    let nobody = || Credentials {
        scheme: AuthScheme::None,
        token: None,
    };
    check("none, one side", open(url, nobody(), offer()), refused).await;
    let anonymous = Capabilities {
        anonymous: Some(true),
        ..offer()
    };
    check("none, both sides", open(url, nobody(), anonymous), Result::is_ok).await;

    match open(url, bearer(TOKEN), offer()).await {
        Ok(session) => {
            said("good token", true, &());
            in_session(&session).await;
        }
        Err(error) => said("good token", false, &error),
    }
    match raw(url).await {
        Ok(()) => said("raw envelopes", true, &()),
        Err(error) => said("raw envelopes", false, &error),
    }
}

async fn in_session(session: &Session) {
    let id = session.id().await.map(|id| id.as_str().to_owned()).unwrap_or_default();
    said("session id", id.starts_with("sess_"), &id);
    let held = session.capabilities().await;
    let expected = held.streaming == Some(true)
        && held.durable_jobs == Some(true)
        && held.checkpoints == Some(false)
        && held.anonymous == Some(false)
        && held.artifacts == Some(true)
        && held.subscriptions == Some(true)
        && held.extensions == ["arcpx.a.v1"];
    said("capabilities", expected, &held);

    let value = json!({"a": {"b": true}, "é": [1, 2.5, null, "\u{1f600}"], "__proto__": {"c": 1}});
    let expected = value.clone();
    check(
        "echo",
        run(session, "echo", value),
        |found| matches!(found, Ok(value) if *value == expected),
    )
    .await;
    let none = json!(null);
    check("null", run(session, "null", none), |found| {
        matches!(found, Ok(Value::Null))
    })
    .await;
    for (name, tool, arguments, code) in [
        ("unknown tool", "nope", json!({}), "(NOT_FOUND)"),
        (
            "failing tool",
            "fail",
            json!({"code": "RESOURCE_EXHAUSTED"}),
            "(RESOURCE_EXHAUSTED)",
        ),
        // Codes outside the taxonomy would end its connection.
        (
            "code of one's own",
            "fail",
            json!({"code": "arcpx.acme.TOO_LATE"}),
            "(UNKNOWN)",
        ),
        ("throwing tool", "throw", json!({}), "(INTERNAL)"),
        // Neither was negotiated, and its decoder knows neither message.
        ("human input withheld", "ask", json!({}), "(UNIMPLEMENTED)"),
        ("choice withheld", "choose", json!({}), "(UNIMPLEMENTED)"),
    ] {
        let failed = |found: &Result<Value, ARCPError>| matches!(found, Err(error) if error.to_string().contains(code));
        check(name, run(session, tool, arguments), failed).await;
    }

    let cancelled = async {
        let job = session.invoke("sleep", json!({"ms": 60_000})).await?;
        job.cancel("changed my mind").await?;
        job.join().await
    };
    check(
        "cancel",
        cancelled,
        |found| matches!(found, Err(ARCPError::Cancelled { reason }) if reason == "changed my mind"),
    )
    .await;

    let two = async {
        let slow = session.invoke("sleep", json!({"ms": 400})).await?;
        let fast = session.invoke("echo", json!("fast")).await?;
        Ok((fast.join().await?, slow.join().await?))
    };
    check(
        "two jobs",
        two,
        |found| matches!(found, Ok((fast, _)) if fast == "fast"),
    )
    .await;

    // What a tool can say, all at once, heartbeats among it; the result comes last.
    check(
        "everything",
        run(session, "everything", json!({})),
        |found| matches!(found, Ok(value) if value == "said"),
    )
    .await;

    let observed = async {
        let filter = SubscriptionFilter {
            types: vec!["job.completed".into()],
            ..SubscriptionFilter::default()
        };
        let watch = session.subscribe(filter).await?;
        run(session, "echo", json!("seen")).await?;
        let seen = watch.next().await;
        watch.unsubscribe().await?;
        Ok(seen.map(|event| event.payload))
    };
    check(
        "subscription",
        observed,
        |found| matches!(found, Ok(Some(MessageType::JobCompleted(seen))) if seen.value == Some(json!("seen"))),
    )
    .await;

    let kept = session.put_artifact("text/plain", "aGk=", Some(60));
    check("artifact", kept, |found| matches!(found, Ok(kept) if kept.size == 2)).await;
    let refused = session.put_artifact("text/plain", "aGk", None);
    check("bad artifact", refused, |found| {
        matches!(found, Err(ARCPError::InvalidArgument { .. }))
    })
    .await;

    // Alive after all that.
    check(
        "alive",
        run(session, "echo", json!(1)),
        |found| matches!(found, Ok(value) if *value == 1),
    )
    .await;
}

async fn run(session: &Session, tool: &str, arguments: Value) -> Result<Value, ARCPError> {
    session.invoke(tool, arguments).await?.join().await
}

/// Envelopes one by one: what the client above has no call for.
async fn raw(url: &str) -> Fallible<()> {
    let transport = WebSocketTransport::dial(url).await?;
    let ping = |nonce: &str| {
        Envelope::new(MessageType::Ping(PingPayload {
            nonce: Some(nonce.into()),
        }))
    };
    let next = || async {
        let came = tokio::time::timeout(TIMEOUT, transport.recv()).await??;
        Fallible::Ok(came.ok_or("the connection ended")?)
    };

    // Dropped: nobody has been accepted.
    transport.send(ping("early")).await?;
    let opening = Envelope::new(MessageType::SessionOpen(SessionOpenPayload {
        auth: bearer(TOKEN),
        client: ourselves(),
        capabilities: offer(),
    }));
    transport.send(opening.clone()).await?;
    let accepted = next().await?;
    let MessageType::SessionAccepted(welcome) = &accepted.payload else {
        return Err(format!("not accepted: {accepted:?}").into());
    };
    expect("correlation", accepted.correlation_id == Some(opening.id))?;
    expect("one id", accepted.session_id.as_ref() == Some(&welcome.session_id))?;
    let lease = welcome.lease.as_ref().ok_or("no lease")?.expires_at;
    let seconds = (lease - accepted.timestamp).num_seconds();
    expect("an hour", (3500..=3700).contains(&seconds))?;

    let alive = ping("alive");
    transport.send(alive.clone()).await?;
    // The same id again: dropped.
    transport.send(alive.clone()).await?;
    let answer = next().await?;
    expect(
        "pong",
        matches!(&answer.payload, MessageType::Pong(pong) if pong.nonce.as_deref() == Some("alive")),
    )?;
    expect("pong correlated", answer.correlation_id == Some(alive.id))?;

    // No request of its kind is answered with silence, and the refusal can be decoded.
    let opening = Envelope::new(MessageType::SessionOpen(SessionOpenPayload {
        auth: bearer(TOKEN),
        client: ourselves(),
        capabilities: offer(),
    }));
    transport.send(opening.clone()).await?;
    let answer = next().await?;
    expect(
        "second open",
        matches!(&answer.payload, MessageType::Nack(nack) if nack.code == ErrorCode::FailedPrecondition),
    )?;
    expect("nack correlated", answer.correlation_id == Some(opening.id))?;

    // Its own way of closing: no reply, but the ends of the jobs.
    let mut invoke = Envelope::new(MessageType::ToolInvoke(ToolInvokePayload::new(
        "sleep",
        json!({"ms": 60_000}),
    )));
    invoke.session_id.clone_from(&accepted.session_id);
    transport.send(invoke.clone()).await?;
    let mut types = vec![];
    for _ in 0..2 {
        types.push(next().await?.payload.type_name());
    }
    let mut close = Envelope::new(MessageType::SessionClose(SessionClosePayload {
        reason: Some("done".into()),
    }));
    close.session_id.clone_from(&accepted.session_id);
    transport.send(close).await?;
    while let Some(event) = tokio::time::timeout(TIMEOUT, transport.recv()).await?? {
        expect("events correlated", event.correlation_id.as_ref() == Some(&invoke.id))?;
        types.push(event.payload.type_name());
    }
    if types != ["job.accepted", "job.started", "job.cancelled"] {
        return Err(format!("{types:?}").into());
    }
    Ok(())
}

fn expect(what: &str, holds: bool) -> Fallible<()> {
    if holds {
        Ok(())
    } else {
        Err(what.into())
    }
}
