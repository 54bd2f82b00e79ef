// A small AITP peer over the published crates, for `npm run interop`: the same operations as peer.py, which says how
// requests and answers look. Keeps one agent, one session and one responder.

use aitp::core::{base64url, Aid, AitpEnvelope, MessageType, RawUrl, Timestamp};
use aitp::crypto::{AitpSigningKey, AitpVerifyingKey};
use aitp::delegation::{verify_delegation, DelegationBuilder, VerifyDelegationContext};
use aitp::handshake::{
    CompletedHandshake, Initiator, JwkPublicKey, JwksResolver, PeerConfig, PresentedIdentity, ResolveError, Responder,
    StaticPinnedKeyStore,
};
use aitp::manifest::{
    parse_manifest_wire, verify_manifest, IdentityHint, IdentityHintKind, Manifest, ManifestBuilder, ManifestEnvelope,
    VerifyManifestContext,
};
use aitp::tct::{
    parse_revocation_snapshot_wire, sign_revocation_list, verify_revocation_list, verify_tct, RevocationEntry,
    RevocationList, TctVerifyContext, VerifyRevocationListContext,
};
use aitp_envelope::{sign_envelope, sign_envelope_with, verify_envelope_signature};
use serde::de::DeserializeOwned;
use serde_json::{json, Value};
use std::collections::HashSet;
use std::io::{stdin, BufRead};
use uuid::Uuid;

type Outcome<T> = Result<T, Refusal>;

/** The name of what went wrong, and what the crate says about it. */
struct Refusal(String, String);

impl<E: std::fmt::Debug + std::fmt::Display> From<E> for Refusal {
    fn from(error: E) -> Self {
        Refusal(format!("{error:?}"), error.to_string())
    }
}

/** Keys of the one identity provider there is. */
#[derive(Default)]
struct Provider {
    issuers: Vec<RawUrl>,
    keys: Vec<Value>,
}

impl JwksResolver for Provider {
    fn resolve(&self, _: &url::Url) -> Result<Vec<JwkPublicKey>, ResolveError> {
        let keys: Result<Vec<_>, _> = self.keys.iter().map(JwkPublicKey::from_jwk_json).collect();
        keys.map_err(|error| ResolveError::Malformed(error.to_string()))
    }
}

#[derive(Default)]
struct Peer {
    key: Option<AitpSigningKey>,
    manifest: Option<Manifest>,
    initiator: Option<Initiator>,
    responder: Option<Responder>,
    provider: Provider,
    pinned: Vec<[u8; 32]>,
}

impl Peer {
    fn answer(&mut self, request: &Value) -> Outcome<Value> {
        match text(request, "op") {
            "agent_of" => self.agent_of(request),
            "manifest" => self.manifest(request),
            "verify_manifest" => read_manifest(request).map(|_| json!({})),
            "hello" => self.hello(request),
            "hello_ack" => self.hello_ack(request),
            "commit_ack" => self.commit_ack(request),
            "answer_hello" => self.answer_hello(request),
            "answer_commit" => self.answer_commit(request),
            "verify_tct" => self.verify_tct(request),
            "delegate" => self.delegate(request),
            "verify_delegation" => self.verify_delegation(request),
            "revocation_list" => self.revocation_list(request),
            "verify_revocation_list" => verify_list(request),
            other => Err(Refusal("unknown".into(), format!("no such operation: {other}"))),
        }
    }

    fn agent_of(&mut self, request: &Value) -> Outcome<Value> {
        let seed = seed_of(text(request, "seed"));
        let key = match text(request, "suite") {
            "p256" => AitpSigningKey::from_p256_seed(&seed)?,
            _ => AitpSigningKey::from_ed25519_seed(&seed),
        };
        let aid = key.aid().to_string();
        self.key = Some(key);
        Ok(json!({ "aid": aid }))
    }

    fn manifest(&mut self, request: &Value) -> Outcome<Value> {
        let key = self.key();
        let issuer = request["issuer"].as_str().map(RawUrl::from);
        let kind = if issuer.is_some() { IdentityHintKind::Oidc } else { IdentityHintKind::PinnedKey };
        let public_key = key.verifying_key().try_to_ed25519_bytes().map(|bytes| base64url::encode(&bytes));
        let mut builder = ManifestBuilder::new(key)
            .display_name(text(request, "name"))
            .handshake_endpoint_raw("https://peer.example/aitp/handshake/".into())
            .accept_identity_type(if issuer.is_some() { "oidc" } else { "pinned_key" })
            .identity_hint(IdentityHint {
                kind,
                subject: text(request, "name").into(),
                issuer: issuer.clone(),
                public_key: if issuer.is_some() { None } else { public_key },
            });
        for offer in texts(request, "offers") {
            builder = builder.offer(offer);
        }
        if let Some(issuer) = issuer {
            builder = builder.accept_trust_anchor_raw(issuer);
        }
        let manifest = builder.build()?;
        self.manifest = Some(manifest.clone());
        Ok(json!({ "manifest": serde_json::to_string(&ManifestEnvelope { manifest })? }))
    }

    fn hello(&mut self, request: &Value) -> Outcome<Value> {
        let peer = read_manifest(request)?;
        self.believe(request)?;
        let (id, now) = (Uuid::new_v4(), Timestamp::now());
        let (initiator, hello) = self.with_config(|config, identity| {
            Initiator::start(config, identity, &peer.aid, &id, now, texts(request, "grants"))
        })?;
        self.initiator = Some(initiator);
        self.sealed(MessageType::MutualHello, json!(hello), id, now)
    }

    fn hello_ack(&mut self, request: &Value) -> Outcome<Value> {
        let (envelope, ack) = opened(request)?;
        let mut initiator = self.initiator.take().expect("a hello was sent");
        let commit = self.with_config(|config, _| initiator.on_hello_ack(&envelope, &ack, config));
        self.initiator = Some(initiator);
        self.signed(MessageType::MutualCommit, json!(commit?))
    }

    fn commit_ack(&mut self, request: &Value) -> Outcome<Value> {
        let (envelope, ack) = opened(request)?;
        let mut initiator = self.initiator.take().expect("a commit was sent");
        Ok(received(self.with_config(|config, _| initiator.on_commit_ack(&envelope, &ack, config))?))
    }

    fn answer_hello(&mut self, request: &Value) -> Outcome<Value> {
        self.believe(request)?;
        let (envelope, hello) = opened(request)?;
        let (id, now) = (Uuid::new_v4(), Timestamp::now());
        let (responder, ack) = self.with_config(|config, identity| {
            Responder::on_hello(&envelope, &hello, identity, &id, now, config, texts(request, "grants"))
        })?;
        self.responder = Some(responder);
        self.sealed(MessageType::MutualHelloAck, json!(ack), id, now)
    }

    fn answer_commit(&mut self, request: &Value) -> Outcome<Value> {
        let (envelope, commit) = opened(request)?;
        let mut responder = self.responder.take().expect("a hello was answered");
        let (ack, completed) = self.with_config(|config, _| responder.on_commit(&envelope, &commit, config))?;
        let mut answer = self.signed(MessageType::MutualCommitAck, json!(ack))?;
        answer.as_object_mut().expect("an object").extend(received(completed).as_object().expect("an object").clone());
        Ok(answer)
    }

    fn verify_tct(&self, request: &Value) -> Outcome<Value> {
        let audience = Aid::parse(text(request, "audience"))?;
        let issuer = read_manifest(request)?;
        let revoked = revoked_of(request)?;
        let is_revoked = |jti: &Uuid| revoked.contains(jti);
        let context = TctVerifyContext::builder(&audience, &issuer.aid, Timestamp::now())
            .issuer_manifest_expires_at(issuer.expires_at)
            .revocation_check(&is_revoked)
            .build()?;
        let verified = verify_tct(text(request, "token"), &context)?;
        Ok(json!({ "grants": verified.claims.grants }))
    }

    fn delegate(&self, request: &Value) -> Outcome<Value> {
        let token = DelegationBuilder::new(self.key(), text(request, "voucher"))?
            .delegatee(Aid::parse(text(request, "delegatee"))?)
            .scope(texts(request, "scope"))
            .build()?;
        Ok(json!({ "token": token }))
    }

    fn verify_delegation(&self, request: &Value) -> Outcome<Value> {
        let revoked = revoked_of(request)?;
        let is_revoked = |jti: &Uuid| revoked.contains(jti);
        let context =
            VerifyDelegationContext::new(self.key().aid(), Timestamp::now()).with_revocation_check(&is_revoked);
        let verified = verify_delegation(text(request, "token"), &context)?;
        Ok(json!({ "grants": verified.claims.scope }))
    }

    fn revocation_list(&self, request: &Value) -> Outcome<Value> {
        let now = Timestamp::now();
        let entry = |jti: &String| Ok(RevocationEntry { jti: Uuid::parse_str(jti)?, revoked_at: now, reason: None });
        let entries: Outcome<Vec<_>> = texts(request, "jtis").iter().map(entry).collect();
        let body = RevocationList {
            version: "aitp/0.2".into(),
            issuer: self.key().aid().clone(),
            published_at: now,
            expires_at: now.plus_secs(600),
            entries: entries?,
            extensions: None,
        };
        Ok(json!({ "list": serde_json::to_string(&sign_revocation_list(body, self.key())?)? }))
    }

    /** Takes whom a request says to believe: a provider, or the one key of the peer. */
    fn believe(&mut self, request: &Value) -> Outcome<()> {
        self.provider = Provider::default();
        self.pinned = Vec::new();
        if let Some(jwks) = request["jwks"].as_object() {
            self.provider.issuers = jwks.keys().map(|issuer| RawUrl::from(issuer.as_str())).collect();
            self.provider.keys = jwks.values().filter_map(Value::as_array).flatten().cloned().collect();
        } else {
            self.pinned.extend(Aid::parse(text(request, "peer"))?.try_to_ed25519_bytes());
        }
        Ok(())
    }

    fn with_config<T, E>(&self, run: impl FnOnce(&PeerConfig<'_>, PresentedIdentity) -> Result<T, E>) -> Outcome<T>
    where
        Refusal: From<E>,
    {
        let manifest = self.manifest.as_ref().expect("a Manifest was made");
        let pinned = StaticPinnedKeyStore::new(self.pinned.clone());
        let config = PeerConfig {
            signing_key: self.key(),
            manifest,
            trust_anchors: &self.provider.issuers,
            jwks_resolver: &self.provider,
            pinned_key_store: Some(&pinned),
            grant_policy: None,
            revocation_check: None,
            now: Timestamp::now(),
        };
        let subject = manifest.identity_hint.subject.clone();
        let identity = match &manifest.identity_hint.issuer {
            None => PresentedIdentity::PinnedKey { subject },
            Some(issuer) => {
                PresentedIdentity::OidcMinter { issuer: issuer.parse_url()?, subject, mint_jwt: Box::new(mint) }
            }
        };
        Ok(run(&config, identity)?)
    }

    fn signed(&self, kind: MessageType, payload: Value) -> Outcome<Value> {
        message(sign_envelope(self.key(), kind, payload)?)
    }

    /** As `signed`, for a message whose proof of identity covers its name and time. */
    fn sealed(&self, kind: MessageType, payload: Value, id: Uuid, time: Timestamp) -> Outcome<Value> {
        message(sign_envelope_with(self.key(), kind, payload, id, time)?)
    }

    fn key(&self) -> &AitpSigningKey {
        self.key.as_ref().expect("an agent was made")
    }
}

fn message(envelope: AitpEnvelope) -> Outcome<Value> {
    Ok(json!({ "message": serde_json::to_string(&envelope)? }))
}

/** Opens a message as the HTTP server of the crates does: the signature first, then the payload. */
fn opened<Payload: DeserializeOwned>(request: &Value) -> Outcome<(AitpEnvelope, Payload)> {
    let envelope: AitpEnvelope = serde_json::from_str(text(request, "message"))?;
    verify_envelope_signature(&envelope, &AitpVerifyingKey::from_aid(&envelope.sender.agent_id)?)?;
    let payload = serde_json::from_value(envelope.payload.clone())?;
    Ok((envelope, payload))
}

fn received(completed: CompletedHandshake) -> Value {
    json!({ "tct": completed.tct.token, "voucher": completed.grant_voucher })
}

fn read_manifest(request: &Value) -> Outcome<Manifest> {
    let manifest = parse_manifest_wire(&serde_json::from_str(text(request, "manifest"))?)?;
    verify_manifest(&manifest, &VerifyManifestContext::now())?;
    Ok(manifest)
}

fn verify_list(request: &Value) -> Outcome<Value> {
    let envelope = parse_revocation_snapshot_wire(&serde_json::from_str(text(request, "list"))?)?;
    let issuer = Aid::parse(text(request, "issuer"))?;
    verify_revocation_list(&envelope, &VerifyRevocationListContext::new(&issuer, Timestamp::now()))?;
    Ok(json!({}))
}

fn revoked_of(request: &Value) -> Outcome<HashSet<Uuid>> {
    texts(request, "revoked").iter().map(|jti| Ok(Uuid::parse_str(jti)?)).collect()
}

/** Asks for a token of the identity provider. */
fn mint(nonce: &str) -> Result<String, String> {
    println!("{}", json!({ "mint": nonce }));
    let mut line = String::new();
    stdin().read_line(&mut line).map_err(|error| error.to_string())?;
    serde_json::from_str(&line).map_err(|error| error.to_string())
}

fn text<'a>(request: &'a Value, name: &str) -> &'a str {
    request[name].as_str().unwrap_or_default()
}

fn texts(request: &Value, name: &str) -> Vec<String> {
    let values = request[name].as_array().into_iter().flatten();
    values.filter_map(Value::as_str).map(String::from).collect()
}

fn seed_of(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal"))
}

fn main() {
    let mut peer = Peer::default();
    loop {
        let mut line = String::new();
        if stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let answer = match serde_json::from_str(&line).map_err(Refusal::from).and_then(|request| peer.answer(&request)) {
            Ok(mut answer) => {
                answer["ok"] = json!(true);
                answer
            }
            Err(Refusal(code, message)) => json!({ "ok": false, "code": code, "message": message }),
        };
        println!("{answer}");
    }
}
