import { describe, expect, it } from 'vitest';
import { run } from './command.ts';

describe('earshot doctor', () => {
  it('finds nothing that fails on a cluster of this machine', async () => {
    const { status, stdout } = await run('doctor', '--demo', '--json', '--timeout', '10');
    const { ok, checks } = JSON.parse(stdout) as {
      ok: boolean;
      checks: { check: string; status: string; mend: string | null }[];
    };
    expect(checks.map(({ check }) => check)).toEqual([
      'node',
      'receive-buffer',
      'open-files',
      'names',
      'udp-out',
      'entrypoint-echo',
      'entrypoint-ping',
      'udp-in',
      'shred-version',
      'address',
      'join',
      'same-cluster',
      'seen-by-others',
      'clock',
      'kernel-drops',
    ]);
    const failed = checks.filter((one) => one.status === 'fail');
    expect(failed).toEqual([]);
    expect([ok, status]).toEqual([true, 0]);
    for (const name of ['entrypoint-echo', 'entrypoint-ping', 'udp-in', 'shred-version', 'join']) {
      expect(checks.find(({ check }) => check === name)?.status, name).toBe('ok');
    }
  });

  it('says what is wrong with a name, and how to mend it', async () => {
    const { status, stdout, stderr } = await run('doctor', '-n', 'nowhere.invalid:8001');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^fail {2}names .*nowhere\.invalid has no IPv4 address.*Mend: /m);
    expect(stdout).toMatch(/^skip {2}join /m);
    expect(stderr).toMatch(/^earshot: 1 check failed/);
  });
});
