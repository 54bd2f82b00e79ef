// A small peer over the published Rust port, for `npm run interop`. Speaks the same command line as peer.py:
//   serve                      prints {"url", "did"} and answers echo, count and fail until its input ends
//   call URL DID               runs every check a caller can make, a JSON line each

use agent_phone::session::HandlerOutput;
use agent_phone::{
    connect, create_server, encode_did_key, generate_key_pair, ClientOptions, Error, Handler, ServerOptions,
};
use serde_json::{json, Value};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::io::AsyncReadExt;

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["serve"] => serve().await,
        ["call", url, did] => call(url, did).await,
        _ => {
            eprintln!("usage: interop-peer serve | call URL DID");
            std::process::exit(2);
        }
    };
    if let Err(error) = outcome {
        eprintln!("{error}");
        std::process::exit(1);
    }
}

async fn serve() -> Result<(), Error> {
    let key = generate_key_pair();
    let did = encode_did_key(&key.public_key)?;
    let mut handlers: HashMap<String, Handler> = HashMap::new();
    handlers.insert("echo".into(), Arc::new(|params| Box::pin(async move { Ok(HandlerOutput::Unary(params)) })));
    handlers.insert(
        "count".into(),
        Arc::new(|params: Value| {
            Box::pin(async move {
                let to = params.get("to").and_then(Value::as_u64).unwrap_or(u64::MAX);
                Ok(HandlerOutput::Stream(Box::pin(async_stream::stream! {
                    for n in 0..to {
                        yield json!(n);
                    }
                })))
            })
        }),
    );
    handlers.insert(
        "fail".into(),
        Arc::new(|_| Box::pin(async { Err(Error::Rpc { code: -32000, message: "as asked".into() }) })),
    );

    let mut server = create_server(ServerOptions { did: did.clone(), private_key: key.private_key, handlers });
    server.listen(0, "127.0.0.1").await?;
    let port = server.address().expect("bound").port();
    println!("{}", json!({ "url": format!("ws://127.0.0.1:{port}/"), "did": did }));
    let mut rest = Vec::new();
    tokio::io::stdin().read_to_end(&mut rest).await?;
    std::process::exit(0);
}

async fn call(url: &str, did: &str) -> Result<(), Error> {
    let key = generate_key_pair();
    let options = |url: &str, private_key: [u8; 32], own_did: String| ClientOptions {
        url: url.into(),
        did: own_did,
        private_key,
        responder_did: did.into(),
        responder_public_key: None,
    };
    let client = connect(options(url, key.private_key, encode_did_key(&key.public_key)?)).await?;

    let value = json!({ "é": [1, 2.5, null, "\u{1f600}"], "a": { "b": true } });
    let reply = client.call("echo", Some(value.clone())).await?;
    report("unary", reply == value);

    let mut stream = client.stream("count", Some(json!({ "to": 10_000 })), 8).await?;
    let mut next = 0u64;
    while let Some(item) = stream.next().await {
        if item != json!(next) {
            break;
        }
        next += 1;
    }
    report("stream", next == 10_000);

    let mut stream = client.stream("count", Some(json!({ "to": 1_000_000 })), 8).await?;
    for _ in 0..20 {
        stream.next().await;
    }
    stream.cancel().await;
    report("cancel", client.call("echo", Some(json!("alive"))).await? == json!("alive"));

    let unknown = client.call("no-such-method", None).await;
    report("error", matches!(unknown, Err(Error::Rpc { code: -32601, .. })));
    client.close().await;

    // In another's name: the victim's DID with our own key.
    let victim = encode_did_key(&generate_key_pair().public_key)?;
    let impostor = match connect(options(url, key.private_key, victim)).await {
        Err(_) => true,
        // The port has the session when it has sent message 3; what follows is that nothing is ever answered.
        Ok(client) => {
            let answer = tokio::time::timeout(std::time::Duration::from_secs(2), client.call("echo", Some(json!(1)))).await;
            !matches!(answer, Ok(Ok(_)))
        }
    };
    report("impostor caller", impostor);
    Ok(())
}

fn report(check: &str, passed: bool) {
    println!("{}", json!({ "check": check, "passed": passed }));
}
