import { DownloadError } from '../../../src/data/download';
import { Trouble } from '../../lib/reader.cjs';

/**
 * Runs a download; when there is no connection, or the file is not there any more, says in two lines
 * which file to get by other means and the command that takes it.
 * @param urls - the file, or the files, to get.
 * @param command - the command line that takes them from disk.
 */
export async function downloadOrAdvise<T>(
  fetchIt: () => Promise<T>,
  urls: string,
  command: string,
): Promise<T> {
  try {
    return await fetchIt();
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    if (error.reason !== 'unreachable' && error.reason !== 'refused') throw new Trouble(error.message);
    throw new Trouble(
      `${error.message.replace(/\.$/, '')}. Get ${urls} by other means and run\n  ${command}`,
    );
  }
}
