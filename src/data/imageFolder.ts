import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { type LeftOut, PictureFiles, type PictureFilesOptions } from './pictureFiles';

/** Endings of the names of pictures, in any case (torchvision's list). */
export const IMG_EXTENSIONS = ['.jpg', '.jpeg', '.png', '.ppm', '.bmp', '.pgm', '.tif', '.tiff', '.webp'];

export interface ImageFolderOptions extends PictureFilesOptions {
  /** Accept classes without pictures. Default false, as in torchvision. */
  allowEmpty?: boolean;
  /** Follow links out of the folder, as torchvision always does. Default false: they are listed in `ignored`. */
  followLinks?: boolean;
}

/**
 * Pictures in one folder a class, `root/class/.../picture.jpg`, as `torchvision.datasets.ImageFolder`:
 * classes and pictures are sorted by name, and what isn't a picture by its ending doesn't count.
 */
export class ImageFolder extends PictureFiles {
  /** Each class's number. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** What was found but isn't counted: files of other kinds, links that lead out or nowhere, names that aren't UTF-8. */
  readonly ignored: readonly LeftOut[];

  /** @throws when there is no class folder, or a class without pictures (it is named). */
  constructor(
    root: string,
    { allowEmpty = false, followLinks = false, ...options }: ImageFolderOptions = {},
  ) {
    const scan = new Scan(root, followLinks);
    const classes = scan.folders();
    if (classes.length === 0) throw new Error(`ImageFolder: there is no class folder in ${root}.`);
    const byClass = classes.map((name) => scan.pictures(join(root, name)));
    const empty = classes.filter((_, i) => byClass[i].length === 0);
    if (empty.length > 0 && !allowEmpty)
      throw new Error(
        `ImageFolder: no pictures of ${empty.length > 1 ? 'the classes' : 'the class'} ${empty.join(', ')} in ${root}. ` +
          `Pictures are files that end in ${IMG_EXTENSIONS.join(', ')}; remove the folder or set allowEmpty.`,
      );
    const imgs = byClass.flatMap((paths, i) => paths.map((path) => [path, i] as const));
    super(root, classes, imgs, options);
    this.classToIdx = Object.fromEntries(classes.map((name, i) => [name, i]));
    this.ignored = scan.ignored;
  }
}

/** Looks through a folder in torchvision's order, keeping inside it. */
export class Scan {
  readonly ignored: LeftOut[] = [];
  private readonly realRoot: string;

  constructor(
    private readonly root: string,
    private readonly followLinks: boolean,
  ) {
    try {
      this.realRoot = realpathSync(root);
    } catch (error) {
      throw new Error(`ImageFolder: cannot open the folder ${root}.`, { cause: error });
    }
  }

  /** Names of the folders in one, at the top by default. */
  folders(folder = this.root): string[] {
    return this.list(folder).folders;
  }

  /** Paths of the pictures in `folder` and below. */
  pictures(folder: string): string[] {
    const paths: string[] = [];
    for (const { path, files } of this.walk(folder, []).sort((a, b) => compareText(a.path, b.path)))
      for (const name of files) {
        if (IMG_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension)))
          paths.push(join(path, name));
        else this.ignored.push({ path: join(path, name), reason: 'is not a picture by its ending' });
      }
    return paths;
  }

  /** @param above - real paths of the folders on the way here: a link back to one of them would never end. */
  private walk(path: string, above: readonly string[]): { path: string; files: string[] }[] {
    const real = realpathSync(path);
    if (above.includes(real)) {
      this.ignored.push({ path, reason: 'is a link to a folder that it lies in' });
      return [];
    }
    const { folders, files } = this.list(path);
    return [{ path, files }, ...folders.flatMap((name) => this.walk(join(path, name), [...above, real]))];
  }

  private list(path: string): { folders: string[]; files: string[] } {
    const folders: string[] = [];
    const files: string[] = [];
    // Names are bytes; sorted as such they are in Python's order, by code point.
    const entries = readdirSync(path, { withFileTypes: true, encoding: 'buffer' });
    for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
      const name = entry.name.toString();
      const full = join(path, name);
      const kind = entry.isSymbolicLink() ? this.target(full) : entry;
      if (!entry.name.equals(Buffer.from(name)))
        this.ignored.push({ path: full, reason: 'has a name that is not UTF-8: rename it to use it' });
      else if (kind?.isDirectory()) folders.push(name);
      else if (kind?.isFile()) files.push(name);
      else if (kind) this.ignored.push({ path: full, reason: 'is neither a file nor a folder' });
    }
    return { folders, files };
  }

  /** What a link leads to; undefined (and listed) if it is not to be followed. */
  private target(link: string) {
    try {
      const real = realpathSync(link);
      if (this.followLinks || real.startsWith(this.realRoot + sep)) return statSync(real);
      this.ignored.push({
        path: link,
        reason: `is a link out of the folder, to ${real} (set followLinks to use it)`,
      });
    } catch {
      this.ignored.push({ path: link, reason: 'is a link that leads nowhere' });
    }
    return undefined;
  }
}

/** Python's order of strings: by code point, where JavaScript's `<` goes by UTF-16 unit. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
