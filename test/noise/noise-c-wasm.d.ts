// The part of noise-c.wasm that the tests use.

declare module 'noise-c.wasm' {
  export interface NoiseCCipherState {
    InitializeKey(key: Uint8Array): void;
    SetNonce(nonce: number): void;
    EncryptWithAd(ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
    DecryptWithAd(ad: Uint8Array, ciphertext: Uint8Array): Uint8Array;
    free(): void;
  }
  export interface NoiseCSymmetricState {
    MixKey(inputKeyMaterial: Uint8Array): void;
    MixHash(data: Uint8Array): void;
    EncryptAndHash(plaintext: Uint8Array): Uint8Array;
    DecryptAndHash(ciphertext: Uint8Array): Uint8Array;
    Split(): [NoiseCCipherState, NoiseCCipherState];
    free(): void;
  }
  export interface NoiseCHandshakeState {
    Initialize(prologue: Uint8Array | null, s: Uint8Array | null, rs: Uint8Array | null): void;
    WriteMessage(payload?: Uint8Array): Uint8Array;
    ReadMessage(message: Uint8Array, payloadNeeded?: boolean): Uint8Array | null;
    GetHandshakeHash(): Uint8Array;
    GetRemotePublicKey(): Uint8Array | null;
    Split(): [NoiseCCipherState, NoiseCCipherState];
    free(): void;
  }
  export interface NoiseC {
    constants: { NOISE_ROLE_INITIATOR: number; NOISE_ROLE_RESPONDER: number; NOISE_CIPHER_CHACHAPOLY: number };
    CipherState(cipher: number): NoiseCCipherState;
    SymmetricState(name: string): NoiseCSymmetricState;
    HandshakeState(name: string, role: number): NoiseCHandshakeState;
  }
  export default function createNoise(options: { wasmBinary: Uint8Array }, done: (noise: NoiseC) => void): void;
}
