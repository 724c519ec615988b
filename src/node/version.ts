import type { ContactInfoVersion } from '../wire/contact-info-encode.ts';

/** Version of this package; a test compares it with the manifest. */
export const PACKAGE_VERSION = '0.1.0';

/**
 * The client id that our contact info carries: "EA" as a little-endian u16. Ids from 14 on are free,
 * and nodes keep what they do not know. @source wire 4.6.1
 */
export const EARSHOT_CLIENT_ID = 0x4145;

/** What our contact info says we are. */
export function ourVersion(): ContactInfoVersion {
  const [major = 0, minor = 0, patch = 0] = PACKAGE_VERSION.split('.').map(Number);
  const unknown = { commit: 0, featureSet: 0 };
  return { major, minor, channel: 0, patch, ...unknown, client: EARSHOT_CLIENT_ID };
}
