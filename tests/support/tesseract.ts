/**
 * Output of Tesseract 5.3.0 for the top of examples/pages/lucasta.047.jpg, less the second half of its second line.
 *
 * @module
 */

/** `tesseract scan.jpg scan hocr` */
export const TESSERACT_HOCR = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
    "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title></title>
  <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
  <meta name='ocr-system' content='tesseract 5.3.0' />
  <meta name='ocr-capabilities' content='ocr_page ocr_carea ocr_par ocr_line ocrx_word ocrp_wconf'/>
 </head>
 <body>
  <div class='ocr_page' id='page_1' title='image "scan.jpg"; bbox 0 0 1065 142; ppageno 0; scan_res 70 70'>
   <div class='ocr_carea' id='block_1_1' title="bbox 188 22 894 52">
    <p class='ocr_par' id='par_1_1' lang='eng' title="bbox 188 22 894 52">
     <span class='ocr_line' id='line_1_1' title="bbox 188 22 894 52; baseline -0.001 0; x_size 38.111111; x_descenders 9.5277777; x_ascenders 9.5277777">
      <span class='ocrx_word' id='word_1_1' title='bbox 188 22 545 52; x_wconf 95'>BIOGRAPHICAL</span>
      <span class='ocrx_word' id='word_1_2' title='bbox 572 22 751 51; x_wconf 95'>NOTICE.</span>
      <span class='ocrx_word' id='word_1_3' title='bbox 840 31 894 50; x_wconf 59'>XXV</span>
     </span>
    </p>
   </div>
   <div class='ocr_carea' id='block_1_2' title="bbox 38 90 892 129">
    <p class='ocr_par' id='par_1_2' lang='eng' title="bbox 38 90 892 129">
     <span class='ocr_line' id='line_1_2' title="bbox 38 90 892 129; baseline 0 -10; x_size 39; x_descenders 10; x_ascenders 11">
      <span class='ocrx_word' id='word_1_4' title='bbox 38 90 173 128; x_wconf 92'>graceful,</span>
      <span class='ocrx_word' id='word_1_5' title='bbox 187 91 276 119; x_wconf 97'>which</span>
      <span class='ocrx_word' id='word_1_6' title='bbox 289 91 362 119; x_wconf 96'>drew</span>
     </span>
    </p>
   </div>
  </div>
 </body>
</html>
`;

/** `tesseract scan.jpg scan alto` */
export const TESSERACT_ALTO = `<?xml version="1.0" encoding="UTF-8"?>
<alto xmlns="http://www.loc.gov/standards/alto/ns-v3#" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.loc.gov/standards/alto/ns-v3# http://www.loc.gov/alto/v3/alto-3-0.xsd">
	<Description>
		<MeasurementUnit>pixel</MeasurementUnit>
		<sourceImageInformation>
			<fileName>scan.jpg</fileName>
		</sourceImageInformation>
		<OCRProcessing ID="OCR_0">
			<ocrProcessingStep>
				<processingSoftware>
					<softwareName>tesseract 5.3.0</softwareName>
				</processingSoftware>
			</ocrProcessingStep>
		</OCRProcessing>
	</Description>
	<Layout>
		<Page WIDTH="1065" HEIGHT="142" PHYSICAL_IMG_NR="0" ID="page_0">
			<PrintSpace HPOS="0" VPOS="0" WIDTH="1065" HEIGHT="142">
				<ComposedBlock ID="cblock_0" HPOS="188" VPOS="22" WIDTH="706" HEIGHT="30">
					<TextBlock ID="block_0" HPOS="188" VPOS="22" WIDTH="706" HEIGHT="30">
						<TextLine ID="line_0" HPOS="188" VPOS="22" WIDTH="706" HEIGHT="30">
							<String ID="string_0" HPOS="188" VPOS="22" WIDTH="357" HEIGHT="30" WC="0.95" CONTENT="BIOGRAPHICAL"/><SP WIDTH="27" VPOS="22" HPOS="545"/>
							<String ID="string_1" HPOS="572" VPOS="22" WIDTH="179" HEIGHT="29" WC="0.95" CONTENT="NOTICE."/><SP WIDTH="89" VPOS="22" HPOS="751"/>
							<String ID="string_2" HPOS="840" VPOS="31" WIDTH="54" HEIGHT="19" WC="0.59" CONTENT="XXV"/>
						</TextLine>
					</TextBlock>
				</ComposedBlock>
				<ComposedBlock ID="cblock_1" HPOS="38" VPOS="90" WIDTH="854" HEIGHT="39">
					<TextBlock ID="block_1" HPOS="38" VPOS="90" WIDTH="854" HEIGHT="39">
						<TextLine ID="line_1" HPOS="38" VPOS="90" WIDTH="854" HEIGHT="39">
							<String ID="string_3" HPOS="38" VPOS="90" WIDTH="135" HEIGHT="38" WC="0.92" CONTENT="graceful,"/><SP WIDTH="14" VPOS="90" HPOS="173"/>
							<String ID="string_4" HPOS="187" VPOS="91" WIDTH="89" HEIGHT="28" WC="0.97" CONTENT="which"/><SP WIDTH="13" VPOS="91" HPOS="276"/>
							<String ID="string_5" HPOS="289" VPOS="91" WIDTH="73" HEIGHT="28" WC="0.96" CONTENT="drew"/><SP WIDTH="12" VPOS="91" HPOS="362"/>
						</TextLine>
					</TextBlock>
				</ComposedBlock>
			</PrintSpace>
		</Page>
	</Layout>
</alto>
`;
