// The little of express that the harness needs: the package brings no types.
declare module 'express' {
  export interface Request {
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly method: string;
    readonly url: string;
  }
  export interface Response {
    status(code: number): Response;
    set(name: string, value: string): Response;
    end(): void;
  }
  export type RequestHandler = (request: Request, response: Response, next: () => void) => void;
  interface Application {
    use(...handlers: (string | RequestHandler)[]): void;
    listen(port: number, host: string, ready: () => void): import('node:http').Server;
  }
  export default function express(): Application;
}
