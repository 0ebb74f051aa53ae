export const missingRedis: string | undefined;
export interface RedisServer {
  readonly port: number;
  readonly folder: string;
  /** `redis://127.0.0.1:PORT/NAME`. */
  url(name: string): string;
  restart(signal?: NodeJS.Signals): Promise<void>;
  end(): Promise<void>;
}
export function startServer(...flags: readonly string[]): Promise<RedisServer>;
export function freePort(): Promise<number>;
